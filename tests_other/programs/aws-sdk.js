// @aws-sdk/client-sqs: `produce QUEUE COUNT` sends value-0, value-1 ...; `consume QUEUE COUNT` prints COUNT bodies.
// HOST:PORT comes first. The client checks the MD5 of what it sends and of what it is given; what it is refused must be
// of its own error classes. The exit status is 0 when all of it worked.
const sqs = require("@aws-sdk/client-sqs");

const [address, mode, name, count] = process.argv.slice(2);
const client = new sqs.SQSClient({
  endpoint: `http://${address}`,
  region: "eu-west-1",
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
});

async function create() {
  return (await client.send(new sqs.CreateQueueCommand({ QueueName: name }))).QueueUrl;
}

async function produce() {
  const QueueUrl = await create();
  const last = Number(count) - 1;
  for (let start = 0; start < last; start += 10) {
    const Entries = [];
    for (let number = start; number < Math.min(start + 10, last); number += 1) {
      Entries.push({ Id: `n${number}`, MessageBody: `value-${number}` });
    }
    const found = await client.send(new sqs.SendMessageBatchCommand({ QueueUrl, Entries }));
    if (found.Successful.length !== Entries.length) throw new Error(JSON.stringify(found));
  }
  const MessageAttributes = {
    text: { DataType: "String", StringValue: "é" },
    raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
  };
  await client.send(
    new sqs.SendMessageCommand({ QueueUrl, MessageBody: `value-${last}`, MessageAttributes }),
  );
  await refused();
}

async function refused() {
  try {
    await client.send(new sqs.GetQueueUrlCommand({ QueueName: "nowhere" }));
  } catch (error) {
    if (error instanceof sqs.QueueDoesNotExist) return;
    throw error;
  }
  throw new Error("a queue that is not there was found");
}

async function consume() {
  const QueueUrl = await create();
  let left = Number(count);
  while (left > 0) {
    const { Messages = [] } = await client.send(
      new sqs.ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(left, 10),
        WaitTimeSeconds: 20,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
      }),
    );
    for (const { Body, ReceiptHandle } of Messages) {
      console.log(Body);
      await client.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    left -= Messages.length;
  }
}

({ produce, consume })[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
