// RabbitMQ's own client: `produce QUEUE COUNT` sends value-0, value-1 ... with confirms; `consume QUEUE COUNT` prints
// and acks COUNT bodies. HOST:PORT comes first.
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.MessageProperties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

public class RabbitClients {
    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[3]);
        String queue = arguments[2];
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri("amqp://guest:guest@" + arguments[0]);
        try (Connection connection = factory.newConnection(); Channel channel = connection.createChannel()) {
            channel.queueDeclare(queue, true, false, false, null);
            if (arguments[1].equals("produce")) {
                channel.confirmSelect();
                for (int number = 0; number < count; number++) {
                    byte[] body = ("value-" + number).getBytes();
                    channel.basicPublish("", queue, MessageProperties.PERSISTENT_TEXT_PLAIN, body);
                }
                channel.waitForConfirmsOrDie(10_000);
                return;
            }
            CountDownLatch left = new CountDownLatch(count);
            channel.basicQos(10);
            channel.basicConsume(queue, false, new DefaultConsumer(channel) {
                @Override
                public void handleDelivery(String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
                        throws java.io.IOException {
                    if (left.getCount() == 0) return;
                    System.out.println(new String(body));
                    channel.basicAck(envelope.getDeliveryTag(), false);
                    left.countDown();
                }
            });
            if (!left.await(20, TimeUnit.SECONDS)) throw new IllegalStateException(left.getCount() + " did not come");
        }
    }
}
