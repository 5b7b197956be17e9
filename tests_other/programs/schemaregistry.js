// @kafkajs/confluent-schema-registry with kafkajs. `send TOPIC COUNT TYPE` registers TOPIC's schema of TYPE (AVRO, JSON,
// PROTOBUF) and sends COUNT values; `take TOPIC COUNT` prints COUNT values, decoded by the schemas that they name;
// `refuse TOPIC 0` registers what is no version of TOPIC's schema, and prints the refusals. HOST:PORT of Kafka and the
// registry's URL come first, with a comma.
const { Kafka, logLevel } = require("kafkajs");
const { SchemaRegistry, SchemaType } = require("@kafkajs/confluent-schema-registry");

const [addresses, mode, topic, count, type] = process.argv.slice(2);
const [bootstrap, host] = addresses.split(",");
const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
const registry = new SchemaRegistry({ host });
const subject = `${topic}-value`;
const SCHEMAS = {
  AVRO: JSON.stringify({
    type: "record", name: "Order", namespace: "shop",
    fields: [{ name: "id", type: "string" }, { name: "n", type: "int" }],
  }),
  JSON: JSON.stringify({
    type: "object", properties: { id: { type: "string" }, n: { type: "integer" } }, required: ["id", "n"],
  }),
  PROTOBUF: 'syntax = "proto3"; package shop; message Order { string id = 1; int32 n = 2; }',
};

async function send() {
  const { id } = await registry.register({ type: SchemaType[type], schema: SCHEMAS[type] }, { subject });
  const again = await registry.getLatestSchemaId(subject);
  if (again !== id) throw new Error(`${again} is not ${id}`);
  const producer = kafka.producer();
  await producer.connect();
  for (let n = 0; n < Number(count); n += 1) {
    await producer.send({ topic, messages: [{ value: await registry.encode(id, { id: `o-${n}`, n }) }] });
  }
  await producer.disconnect();
}

async function take() {
  const consumer = kafka.consumer({ groupId: `node-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let left = Number(count);
  await new Promise((resolve, reject) => {
    const eachMessage = async ({ message }) => {
      const { id, n } = await registry.decode(message.value);
      console.log(`${id} ${n}`);
      left -= 1;
      if (left === 0) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
}

async function refuse() {
  const schema = JSON.stringify({ type: "record", name: "Order", namespace: "shop", fields: [{ name: "other", type: "bytes" }] });
  for (const each of [schema, JSON.stringify({ type: "record", name: "Order", namespace: "shop", fields: [{ name: "x", type: "Gone" }] })]) {
    try {
      await registry.register({ type: SchemaType.AVRO, schema: each }, { subject });
      console.log("taken");
    } catch (error) {
      console.log(error.constructor.name);
    }
  }
}

({ send, take, refuse })[mode]().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
