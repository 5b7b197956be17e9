// azure-messaging-servicebus: a connection string, `transact`, a queue and a number come first. Takes value-0 from the queue
// and sends it on to QUEUE-to in one transaction across entities: rolled back, then once more and committed. Prints what
// came, and whether both queues are empty after that. Locks last a second: a rolled back settlement leaves its lock.
import com.azure.messaging.servicebus.ServiceBusClientBuilder;
import com.azure.messaging.servicebus.ServiceBusMessage;
import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import com.azure.messaging.servicebus.ServiceBusReceiverClient;
import com.azure.messaging.servicebus.ServiceBusSenderClient;
import com.azure.messaging.servicebus.ServiceBusTransactionContext;
import com.azure.messaging.servicebus.models.CompleteOptions;
import java.time.Duration;

public class ServiceBusTransactions {
  public static void main(String[] arguments) {
    String from = arguments[2];
    ServiceBusClientBuilder plain = new ServiceBusClientBuilder().connectionString(arguments[0]);
    ServiceBusClientBuilder across =
        new ServiceBusClientBuilder().connectionString(arguments[0]).enableCrossEntityTransactions();
    plain.sender().queueName(from).buildClient().sendMessage(new ServiceBusMessage("value-0"));
    ServiceBusReceiverClient receiver =
        across.receiver().queueName(from).maxAutoLockRenewDuration(Duration.ZERO).buildClient();
    ServiceBusSenderClient sender = across.sender().queueName(from + "-to").buildClient();
    for (String outcome : new String[] {"undone", "kept"}) {
      ServiceBusReceivedMessage message = next(receiver);
      ServiceBusTransactionContext work = receiver.createTransaction();
      sender.sendMessage(new ServiceBusMessage(message.getBody() + " " + outcome), work);
      receiver.complete(message, new CompleteOptions().setTransactionContext(work));
      if (outcome.equals("kept")) receiver.commitTransaction(work);
      else receiver.rollbackTransaction(work);
    }
    ServiceBusReceiverClient last = plain.receiver().queueName(from + "-to").buildClient();
    ServiceBusReceivedMessage moved = next(last);
    System.out.println(moved.getBody());
    last.complete(moved);
    System.out.println(last.peekMessage() == null && receiver.peekMessage() == null);
    System.exit(0);
  }

  static ServiceBusReceivedMessage next(ServiceBusReceiverClient receiver) {
    return receiver.receiveMessages(1, Duration.ofSeconds(10)).iterator().next();
  }
}
