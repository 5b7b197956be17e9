// Apache Kafka's own client: `produce TOPIC COUNT` sends value-0, value-1 ... with idempotence; `consume TOPIC COUNT`
// prints COUNT values from the start, as a member of a group, and commits. HOST:PORT comes first.
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class KafkaClients {
    public static void main(String[] arguments) throws Exception {
        String address = arguments[0], topic = arguments[2];
        int count = Integer.parseInt(arguments[3]);
        if (arguments[1].equals("produce")) {
            produce(address, topic, count);
        } else {
            consume(address, topic, count);
        }
    }

    static void produce(String address, String topic, int count) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", address, "enable.idempotence", true);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int number = 0; number < count; number++) {
                sent.add(producer.send(new ProducerRecord<>(topic, 0, null, "value-" + number)));
            }
            long offset = -1;
            for (Future<RecordMetadata> future : sent) {
                long next = future.get().offset();
                if (next <= offset) throw new IllegalStateException(next + " behind " + offset);
                offset = next;
            }
        }
    }

    static void consume(String address, String topic, int count) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", address, "group.id", "java-" + topic,
            "auto.offset.reset", "earliest", "enable.auto.commit", false);
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            int seen = 0;
            while (seen < count) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    System.out.println(record.value());
                    seen++;
                }
            }
            consumer.commitSync();
        }
    }
}
