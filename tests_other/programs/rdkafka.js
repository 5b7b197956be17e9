// node-rdkafka. HOST:PORT comes first, then what to do; one line a finding, status 0 when all of it worked.
//
//   produce TOPIC COUNT   value-0, value-1 ... to partition 0, idempotent, by lz4
//   consume TOPIC COUNT   prints COUNT values of a group of one, and commits
//   transact TOPIC COUNT  COUNT values as value-N, twice as many as lost-N in transactions that are aborted
//   admin TOPIC COUNT     a topic of COUNT partitions is made, grown by one and deleted
const { AdminClient, KafkaConsumer, Producer } = require("node-rdkafka");
const { promisify } = require("node:util");

const [address, mode, topic, count] = process.argv.slice(2);
const WAIT_MS = 20000;
const called = (owner, name, ...words) => promisify(owner[name].bind(owner))(...words);

async function connected(made) {
  await called(made, "connect", {});
  return made;
}

async function sending(more) {
  const settings = { "metadata.broker.list": address, "enable.idempotence": true, ...more };
  const made = await connected(new Producer(settings));
  made.setPollInterval(20);
  return made;
}

function send(made, word) {
  for (let number = 0; number < Number(count); number += 1)
    made.produce(topic, 0, Buffer.from(`${word}-${number}`), null, Date.now(), null, [{ number: String(number) }]);
}

async function produce() {
  const made = await sending({ "compression.codec": "lz4" });
  send(made, "value");
  await called(made, "flush", WAIT_MS);
}

async function consume() {
  const settings = { "group.id": `rdkafka-${topic}`, "metadata.broker.list": address, "enable.auto.commit": false };
  const made = await connected(new KafkaConsumer(settings, { "auto.offset.reset": "earliest" }));
  made.subscribe([topic]);
  for (let left = Number(count); left > 0; )
    for (const message of await called(made, "consume", left)) {
      console.log(message.value.toString());
      left -= 1;
    }
  made.commitSync();
  await called(made, "disconnect");
}

async function transact() {
  const made = await sending({ "transactional.id": `rdkafka-${topic}` });
  await called(made, "initTransactions", WAIT_MS);
  for (const word of ["lost", "value", "lost"]) {
    await called(made, "beginTransaction");
    send(made, word);
    await called(made, "flush", WAIT_MS);
    await called(made, word === "lost" ? "abortTransaction" : "commitTransaction", WAIT_MS);
  }
}

async function admin() {
  const made = AdminClient.create({ "metadata.broker.list": address });
  await called(made, "createTopic", { topic, num_partitions: Number(count), replication_factor: 3 });
  await called(made, "createPartitions", topic, Number(count) + 1);
  const watching = await sending({});
  const { topics } = await called(watching, "getMetadata", { topic, timeout: WAIT_MS });
  console.log("partitions", topics.find((known) => known.name === topic).partitions.length);
  await called(made, "deleteTopic", topic);
  made.disconnect();
}

({ produce, consume, transact, admin })[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
