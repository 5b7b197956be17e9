// Spring AMQP as its users have it: RabbitAdmin declares, RabbitTemplate sends with confirms and returns, receives, and
// asks over direct reply-to; a listener container answers. Arguments: HOST:PORT, and a name for all that is declared.
// Prints one line per thing that worked.
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.core.Binding;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.core.TopicExchange;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.adapter.MessageListenerAdapter;

public class SpringTemplate {
  public static class Shouter {
    public String handleMessage(String text) {
      return text.toUpperCase();
    }
  }

  public static void main(String[] arguments) throws Exception {
    String[] place = arguments[0].split(":");
    String name = arguments[1];
    CachingConnectionFactory factory = new CachingConnectionFactory(place[0], Integer.parseInt(place[1]));
    factory.setPublisherConfirmType(CachingConnectionFactory.ConfirmType.CORRELATED);
    factory.setPublisherReturns(true);
    RabbitAdmin admin = new RabbitAdmin(factory);
    TopicExchange exchange = new TopicExchange(name);
    Queue dead = new Queue(name + "-dead");
    Queue queue =
        QueueBuilder.durable(name).deadLetterExchange("").deadLetterRoutingKey(name + "-dead").build();
    Binding binding = BindingBuilder.bind(queue).to(exchange).with("a.#");
    admin.declareExchange(exchange);
    admin.declareQueue(dead);
    admin.declareQueue(queue);
    admin.declareBinding(binding);
    System.out.println("declared " + admin.getQueueInfo(name).getMessageCount());

    RabbitTemplate template = new RabbitTemplate(factory);
    template.setMandatory(true);
    CorrelationData routed = new CorrelationData("1");
    template.convertAndSend(name, "a.b", (Object) "hello", routed);
    System.out.println("confirmed " + routed.getFuture().get(20, TimeUnit.SECONDS).isAck());
    CorrelationData lost = new CorrelationData("2");
    template.convertAndSend(name, "z", (Object) "lost", lost);
    lost.getFuture().get(20, TimeUnit.SECONDS);
    System.out.println("returned " + lost.getReturned().getReplyText());
    System.out.println("received " + template.receiveAndConvert(name, 20_000));

    SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(factory);
    container.setQueueNames(name);
    container.setMessageListener(new MessageListenerAdapter(new Shouter()));
    container.start();
    template.setReplyTimeout(20_000);
    System.out.println("answered " + template.convertSendAndReceive(name, "a.b", "quiet"));
    container.stop();

    template.convertAndSend(name, "a.c", (Object) "again");
    System.out.println("purged " + admin.purgeQueue(name));
    for (String each : new String[] {name, name + "-dead"}) {
      admin.deleteQueue(each);
    }
    admin.deleteExchange(name);
    System.out.println("deleted " + (admin.getQueueInfo(name) == null));
    factory.destroy();
    System.exit(0);
  }
}
