// @platformatic/kafka. HOST:PORT comes first, then what to do; one line a finding, status 0 when all of it worked.
//
//   produce TOPIC COUNT   value-0, value-1 ... to partition 0, idempotent, by gzip
//   consume TOPIC COUNT   prints COUNT values of a group of one, and commits
//   assigned TOPIC COUNT  the same in a group that the broker assigns (KIP-848)
//   transact TOPIC COUNT  COUNT values as value-N, twice as many as lost-N in transactions that are aborted
//   admin TOPIC COUNT     a topic of COUNT partitions is made, measured, changed and deleted
const { Admin, ConfigResourceTypes, Consumer, FetchIsolationLevels, Producer, stringDeserializers, stringSerializers } =
  require("@platformatic/kafka");

const [address, mode, topic, count] = process.argv.slice(2);
const settings = { clientId: "platformatic", bootstrapBrokers: [address] };
const LATEST = -1n;
const EARLIEST = -2n;

const messages = (word, size) =>
  Array.from({ length: size }, (_, number) => ({
    topic,
    partition: 0,
    value: `${word}-${number}`,
    headers: { number: String(number) },
  }));

const producer = (more) =>
  new Producer({ ...settings, serializers: stringSerializers, idempotent: true, autocreateTopics: true, ...more });

async function produce(size = Number(count)) {
  const made = producer({ compression: "gzip" });
  await made.send({ messages: messages("value", size) });
  await made.close();
}

async function consume(more = {}) {
  const made = new Consumer({
    ...settings,
    ...more,
    groupId: `platformatic-${mode}-${topic}`,
    deserializers: stringDeserializers,
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    autocommit: false,
  });
  const stream = await made.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest", maxWaitTime: 500 });
  let left = Number(count);
  for await (const message of stream) {
    console.log(message.value);
    left -= 1;
    if (left === 0) {
      await message.commit();
      break;
    }
  }
  await made.close(true);
}

async function transact() {
  const made = producer({ transactionalId: `platformatic-${topic}` });
  for (const word of ["lost", "value", "lost"]) {
    const transaction = await made.beginTransaction();
    await transaction.send({ messages: messages(word, Number(count)) });
    await (word === "lost" ? transaction.abort() : transaction.commit());
  }
  await made.close();
}

async function admin() {
  const made = new Admin(settings);
  const kept = [{ name: "retention.ms", value: "1000000" }];
  await made.createTopics({ topics: [topic], partitions: Number(count), replicas: 3, configs: kept });
  const { topics } = await made.metadata({ topics: [topic] });
  console.log("partitions", topics.get(topic).partitions.length);
  await produce(3);
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic };
  const change = [{ name: "retention.ms", configOperation: 0, value: "2000000" }];
  await made.incrementalAlterConfigs({ resources: [{ ...resource, configs: change }] });
  const [described] = await made.describeConfigs({ resources: [{ ...resource, configurationKeys: ["retention.ms"] }] });
  console.log("retention.ms", described.configs[0].value);
  await made.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }] });
  const places = [];
  for (const timestamp of [EARLIEST, LATEST]) {
    const wanted = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }];
    const [listed] = await made.listOffsets({ topics: wanted });
    places.push(listed.partitions[0].offset);
  }
  console.log("offsets", ...places.map(String));
  const groupId = `platformatic-admin-${topic}`;
  const offsets = [{ name: topic, partitionOffsets: [{ partition: 0, offset: places[1] - 1n }] }];
  await made.alterConsumerGroupOffsets({ groupId, topics: offsets });
  const [group] = await made.listConsumerGroupOffsets({ groups: [groupId] });
  console.log("lag", String(places[1] - group.topics[0].partitions[0].committedOffset));
  await made.deleteGroups({ groups: [groupId] });
  await made.deleteTopics({ topics: [topic] });
  await made.createTopics({ topics: [topic], partitions: 0, replicas: 1 }).then(
    () => console.log("made"),
    (error) => console.log("refused", error.errors[0].apiId),
  );
  await made.close();
}

const modes = { produce, consume, transact, admin, assigned: () => consume({ groupProtocol: "consumer" }) };
modes[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
