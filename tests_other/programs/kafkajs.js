// kafkajs: `produce TOPIC COUNT` sends value-0, value-1 ...; `consume TOPIC COUNT` prints COUNT values from the start.
// HOST:PORT comes first. One value a line; the exit status is 0 when all of it worked. LOGIN in the environment is JSON
// of more settings of the client (sasl), AUTHORITY the file of who signed the broker's certificate.
const { readFileSync } = require("fs");
const { Kafka, logLevel } = require("kafkajs");

const [address, mode, topic, count] = process.argv.slice(2);
const { LOGIN, AUTHORITY } = process.env;
const kafka = new Kafka({
  clientId: "other",
  brokers: [address],
  logLevel: logLevel.NOTHING,
  ...(LOGIN ? JSON.parse(LOGIN) : {}),
  ...(AUTHORITY ? { ssl: { ca: [readFileSync(AUTHORITY)] } } : {}),
});

async function produce() {
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  const messages = Array.from({ length: Number(count) }, (_, number) => ({
    value: `value-${number}`,
    partition: 0,
    headers: { number: String(number) },
  }));
  const results = await producer.send({ topic, messages });
  if (results.some((result) => result.errorCode)) throw new Error(JSON.stringify(results));
  await producer.disconnect();
}

async function consume() {
  const consumer = kafka.consumer({ groupId: `other-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  await new Promise((resolve) => {
    consumer.run({
      eachMessage: async ({ message }) => {
        if (seen === Number(count)) return;
        console.log(message.value.toString());
        seen += 1;
        if (seen === Number(count)) resolve();
      },
    });
  });
  await consumer.disconnect();
}

({ produce, consume })[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
