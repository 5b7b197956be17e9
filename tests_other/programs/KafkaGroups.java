// Apache Kafka's own client in share groups: HOST:PORT comes first.
// `share GROUP TOPIC COUNT`: two share consumers; each record is released once, then accepted, and its value printed.
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class KafkaGroups {
    static final long DEADLINE_MS = 40_000;

    public static void main(String[] arguments) {
        share(arguments[0], arguments[2], arguments[3], Integer.parseInt(arguments[4]));
    }

    static KafkaShareConsumer<String, String> sharer(String address, String group, String topic) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", address, "group.id", group, "share.acknowledgement.mode", "explicit");
        var made = new KafkaShareConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
        made.subscribe(List.of(topic));
        return made;
    }

    static void share(String address, String group, String topic, int count) {
        Set<String> accepted = new HashSet<>();
        Map<String, Integer> seen = new HashMap<>();
        long end = System.currentTimeMillis() + DEADLINE_MS;
        try (var one = sharer(address, group, topic); var two = sharer(address, group, topic)) {
            while (accepted.size() < count && System.currentTimeMillis() < end) {
                for (var consumer : List.of(one, two)) {
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                        int tried = record.deliveryCount().orElseThrow();
                        if (seen.merge(record.value(), 1, Integer::sum) != tried) {
                            throw new IllegalStateException(record.value() + " was delivered " + tried);
                        }
                        if (tried == 1) {
                            consumer.acknowledge(record, AcknowledgeType.RELEASE);
                        } else if (!accepted.add(record.value())) {
                            throw new IllegalStateException(record.value() + " was accepted before");
                        } else {
                            consumer.acknowledge(record, AcknowledgeType.ACCEPT);
                            System.out.println(record.value());
                        }
                    }
                    consumer.commitSync().forEach((partition, error) -> error.ifPresent(each -> {
                        throw each;
                    }));
                }
            }
        }
    }
}
