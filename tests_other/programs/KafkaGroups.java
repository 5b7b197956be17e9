// Apache Kafka's own client in groups: HOST:PORT comes first.
//   share GROUP TOPIC COUNT     two share consumers; each record is released once, renewed, then accepted; prints values
//   join  GROUP TOPIC PROTOCOL  a consumer of that group protocol (classic or consumer): prints `assigned N` whenever its
//                               assignment changes, and each value with its partition, until its input ends
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class KafkaGroups {
    static final long DEADLINE_MS = 40_000;

    public static void main(String[] arguments) throws Exception {
        if (arguments[1].equals("share")) {
            share(arguments[0], arguments[2], arguments[3], Integer.parseInt(arguments[4]));
        } else {
            join(arguments[0], arguments[2], arguments[3], arguments[4]);
        }
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

    static void join(String address, String group, String topic, String protocol) throws Exception {
        Map<String, Object> settings = new HashMap<>(Map.of(
            "bootstrap.servers", address, "group.id", group, "group.protocol", protocol,
            "auto.offset.reset", "earliest", "metadata.max.age.ms", 1000));
        if (protocol.equals("classic")) {
            settings.put("heartbeat.interval.ms", 300);
            settings.put("partition.assignment.strategy",
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
        }
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            int assigned = -1;
            while (System.in.available() == 0) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
                    System.out.println("value " + record.partition() + " " + record.value());
                }
                if (consumer.assignment().size() != assigned) {
                    assigned = consumer.assignment().size();
                    System.out.println("assigned " + assigned);
                }
            }
            consumer.commitSync();
        }
    }
}
