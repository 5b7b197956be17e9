// sqs-consumer: `consume QUEUE COUNT` prints COUNT bodies; `produce QUEUE COUNT` sends value-0, value-1 ... one by one.
// HOST:PORT comes first. The exit status is 0 when all worked.
const sqs = require("@aws-sdk/client-sqs");
const { Consumer } = require("sqs-consumer");

const [address, mode, name, count] = process.argv.slice(2);
const settings = {
  region: "eu-west-1",
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
};
const client = new sqs.SQSClient({ ...settings, endpoint: `http://${address}` });

async function create() {
  return (await client.send(new sqs.CreateQueueCommand({ QueueName: name }))).QueueUrl;
}

async function produce() {
  const QueueUrl = await create();
  for (let number = 0; number < Number(count); number += 1) {
    await client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: `value-${number}` }));
  }
}

async function consume() {
  const queueUrl = await create();
  let left = Number(count);
  await new Promise((resolve, reject) => {
    const consumer = Consumer.create({
      queueUrl,
      sqs: new sqs.SQSClient({ ...settings, endpoint: `http://${address}` }),
      waitTimeSeconds: 20,
      handleMessage: async ({ Body }) => {
        console.log(Body);
        left -= 1;
        if (left === 0) {
          consumer.on("stopped", resolve);
          consumer.stop();
        }
      },
    });
    consumer.on("error", reject);
    consumer.on("processing_error", reject);
    consumer.start();
  });
}

({ produce, consume })[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
