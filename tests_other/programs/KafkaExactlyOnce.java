// Apache Kafka's own client and Kafka Streams, exactly once. HOST:PORT comes first, then what to do:
//
//   loop IN OUT COUNT    a consume-transform-produce loop: each value in upper case, offsets in the transaction;
//                        every third transaction is aborted, and its records are read again
//   words IN OUT COUNT   Kafka Streams counts words (exactly_once_v2) until OUT has COUNT committed updates
//   read TOPIC COUNT     prints "key value" of COUNT committed records
//   fence NAME           two producers of one transactional id: what the older is told
//   admin NAME           what an open transaction looks like to an operator, who then fences its producer
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Produced;

public class KafkaExactlyOnce {
    static String address;

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        switch (arguments[1]) {
            case "loop" -> loop(arguments[2], arguments[3], Integer.parseInt(arguments[4]));
            case "words" -> words(arguments[2], arguments[3], Integer.parseInt(arguments[4]));
            case "read" -> read(arguments[2], Integer.parseInt(arguments[3]));
            case "fence" -> fence(arguments[2]);
            case "admin" -> admin(arguments[2]);
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    static KafkaProducer<String, String> producer(String name) {
        Map<String, Object> settings = Map.of("bootstrap.servers", address, "transactional.id", name);
        var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        return producer;
    }

    static Map<String, Object> reading(String group) {
        return Map.of(
            "bootstrap.servers", address, "group.id", group, "isolation.level", "read_committed",
            "auto.offset.reset", "earliest", "enable.auto.commit", false);
    }

    static void loop(String in, String out, int count) {
        int done = 0, transactions = 0;
        try (var producer = producer("loop-" + out);
             var consumer = new KafkaConsumer<>(reading("loop-" + out), new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(in));
            while (done < count) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
                if (records.isEmpty()) continue;
                Map<TopicPartition, OffsetAndMetadata> before = new HashMap<>(), after = new HashMap<>();
                producer.beginTransaction();
                for (ConsumerRecord<String, String> record : records) {
                    var place = new TopicPartition(record.topic(), record.partition());
                    before.putIfAbsent(place, new OffsetAndMetadata(record.offset()));
                    after.put(place, new OffsetAndMetadata(record.offset() + 1));
                    producer.send(new ProducerRecord<>(out, record.key(), record.value().toUpperCase()));
                }
                producer.sendOffsetsToTransaction(after, consumer.groupMetadata());
                if (++transactions % 3 == 1) {
                    producer.abortTransaction();
                    before.forEach(consumer::seek);
                } else {
                    producer.commitTransaction();
                    done += records.count();
                }
            }
        }
        System.out.println(done + " in " + transactions + " transactions");
    }

    static void words(String in, String out, int count) throws Exception {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "words-" + out);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, address);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, java.nio.file.Files.createTempDirectory("words").toString());
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(in, Consumed.with(Serdes.String(), Serdes.String()))
            .flatMapValues(line -> Arrays.asList(line.toLowerCase().split(" ")))
            .groupBy((key, word) -> word, Grouped.with(Serdes.String(), Serdes.String()))
            .count()
            .toStream()
            .to(out, Produced.with(Serdes.String(), Serdes.Long()));
        try (var streams = new KafkaStreams(builder.build(), settings);
             var consumer = new KafkaConsumer<>(reading("read-" + out), new StringDeserializer(), new LongDeserializer())) {
            streams.start();
            consumer.subscribe(List.of(out));
            for (int seen = 0; seen < count; ) {
                if (streams.state() == KafkaStreams.State.ERROR) throw new IllegalStateException("streams failed");
                for (ConsumerRecord<String, Long> record : consumer.poll(Duration.ofMillis(200))) {
                    System.out.println(record.key() + " " + record.value());
                    seen++;
                }
            }
            streams.close(Duration.ofSeconds(10));
        }
    }

    static void read(String topic, int count) {
        try (var consumer = new KafkaConsumer<>(reading("read-" + topic), new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            for (int seen = 0; seen < count; ) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    System.out.println(record.key() + " " + record.value());
                    seen++;
                }
            }
        }
    }

    static void fence(String name) throws Exception {
        try (var older = producer(name)) {
            older.beginTransaction();
            older.send(new ProducerRecord<>(name, "k", "older")).get();
            try (var younger = producer(name)) {
                younger.beginTransaction();
                younger.send(new ProducerRecord<>(name, "k", "younger")).get();
                younger.commitTransaction();
            }
            try {
                older.commitTransaction();
                System.out.println("not fenced");
            } catch (ProducerFencedException fenced) {
                System.out.println("fenced");
            }
        }
    }

    static void admin(String name) throws Exception {
        try (var admin = Admin.create(Map.of("bootstrap.servers", address)); var producer = producer(name)) {
            var place = new TopicPartition(name, 0);
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(name, 0, "k", "open")).get();
            for (var known : admin.listTransactions().all().get()) {
                if (known.transactionalId().equals(name)) System.out.println("listed " + known.state());
            }
            var told = admin.describeTransactions(List.of(name)).all().get().get(name);
            System.out.println("described " + told.state() + " " + told.topicPartitions());
            var writers = admin.describeProducers(List.of(place)).partitionResult(place).get().activeProducers();
            System.out.println("producers " + writers.size() + " open since " + writers.get(0).currentTransactionStartOffset().getAsLong());
            admin.fenceProducers(List.of(name)).all().get();
            try {
                producer.commitTransaction();
                System.out.println("not fenced");
            } catch (ProducerFencedException fenced) {
                System.out.println("fenced");
            }
        }
    }
}
