// Apache Qpid JMS over AMQP 1.0. Arguments: HOST:PORT share QUEUE COUNT. Sends value-0, value-1 ... with the kinds a, b, c
// in turn; prints what a consumer for a and one for b get by their selectors, then what one without a
// selector gets, one a line; last whether a selector that is none is refused.
import jakarta.jms.Connection;
import jakarta.jms.InvalidSelectorException;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import org.apache.qpid.jms.JmsConnectionFactory;

public class JmsSelectors {
  static final long WAIT_MS = 20_000;

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[3]);
    JmsConnectionFactory factory =
        new JmsConnectionFactory("guest", "guest", "amqp://" + arguments[0]);
    try (Connection connection = factory.createConnection()) {
      Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
      Queue queue = session.createQueue("/queues/" + arguments[2]);
      connection.start();
      MessageConsumer a = session.createConsumer(queue, "kind = 'a'");
      MessageConsumer b = session.createConsumer(queue, "kind IN ('b') AND JMSType = 'shared'");
      MessageProducer producer = session.createProducer(queue);
      for (int number = 0; number < count; number++) {
        TextMessage message = session.createTextMessage("value-" + number);
        message.setStringProperty("kind", String.valueOf("abc".charAt(number % 3)));
        message.setJMSType("shared");
        producer.send(message);
      }
      print("a", a, count / 3);
      print("b", b, count / 3);
      a.close();
      b.close();
      print("-", session.createConsumer(queue), count / 3);
      try {
        session.createConsumer(queue, "kind =");
        System.out.println("taken");
      } catch (InvalidSelectorException refused) {
        System.out.println("refused");
      }
    }
  }

  static void print(String kind, MessageConsumer consumer, int count) throws JMSException {
    for (int number = 0; number < count; number++) {
      TextMessage message = (TextMessage) consumer.receive(WAIT_MS);
      System.out.println(kind + " " + message.getText());
    }
    System.out.println(kind + " " + consumer.receiveNoWait());
  }
}
