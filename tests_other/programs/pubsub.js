// @google-cloud/pubsub: `publish TOPIC COUNT` makes TOPIC and publishes value-0, value-1 ... with an ordering key.
// `receive TOPIC COUNT` makes TOPIC with a subscription, publishes so many, and prints what its stream brings.
// `exactly TOPIC COUNT` does so with exactly-once delivery, and waits for each ack to be confirmed.
// `policy TOPIC COUNT` makes TOPIC, sets a policy on it, and prints what it reads back, and what it may.
// HOST:PORT comes first. The exit status is 0 when all of it worked.
const [address, mode, name, count] = process.argv.slice(2);
process.env.PUBSUB_EMULATOR_HOST = address;
const { PubSub } = require("@google-cloud/pubsub");

const pubsub = new PubSub({ projectId: "default" });

async function publish(topic) {
  const sent = [];
  for (let number = 0; number < Number(count); number += 1) {
    const data = Buffer.from(`value-${number}`);
    sent.push(topic.publishMessage({ data, orderingKey: "k", attributes: { parity: number % 2 ? "odd" : "even" } }));
  }
  const ids = await Promise.all(sent);
  if (new Set(ids).size !== Number(count)) throw new Error(`ids: ${ids}`);
}

async function receive(options) {
  const [topic] = await pubsub.createTopic(name);
  topic.setPublishOptions({ messageOrdering: true });
  const [subscription] = await topic.createSubscription(`${name}-sub`, options);
  const found = [];
  const done = new Promise((resolve, reject) => {
    subscription.on("error", reject);
    subscription.on("message", async (message) => {
      try {
        if (options.enableExactlyOnceDelivery) await message.ackWithResponse();
        else message.ack();
      } catch (error) {
        reject(error);
      }
      found.push(message.data.toString());
      if (found.length === Number(count)) resolve();
    });
  });
  await publish(topic);
  await done;
  await subscription.close();
  const [metadata] = await subscription.getMetadata();
  if (!metadata.topic.endsWith(`/topics/${name}`)) throw new Error(JSON.stringify(metadata));
  process.stdout.write(found.map((value) => `${value}\n`).join(""));
}

async function policy() {
  const [topic] = await pubsub.createTopic(name);
  const [old] = await topic.iam.getPolicy();
  const bindings = [{ role: "roles/pubsub.publisher", members: ["user:ann", "serviceAccount:bot"] }];
  await topic.iam.setPolicy({ etag: old.etag, bindings });
  const [kept] = await topic.iam.getPolicy();
  const refused = await topic.iam.setPolicy({ etag: old.etag, bindings: [] }).catch((error) => error.code);
  const [allowed] = await topic.iam.testPermissions(["pubsub.topics.publish"]);
  const told = [...kept.bindings.map((each) => `${each.role} ${each.members.sort()}`), refused, JSON.stringify(allowed)];
  process.stdout.write(told.map((value) => `${value}\n`).join(""));
}

async function main() {
  if (mode === "receive") await receive({ enableMessageOrdering: true });
  else if (mode === "exactly") await receive({ enableExactlyOnceDelivery: true });
  else if (mode === "policy") await policy();
  else {
    const [topic] = await pubsub.createTopic(name);
    await topic.createSubscription(name); // the queue of the topic's own name
    topic.setPublishOptions({ messageOrdering: true });
    await publish(topic);
  }
  await pubsub.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
