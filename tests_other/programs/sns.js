// @aws-sdk/client-sns: `fan TOPIC COUNT` makes TOPIC.fifo and TOPIC with the queues TOPIC-all, TOPIC-odd and
// TOPIC-order.fifo, and publishes value-0, value-1 ... to both topics, singly and in batches. `endpoint TOPIC COUNT`
// subscribes a server of its own, confirms it, publishes to it and prints what it is posted. HOST:PORT comes first.
// The exit status is 0 when all of it worked.
const http = require("node:http");
const sns = require("@aws-sdk/client-sns");
const sqs = require("@aws-sdk/client-sqs");

const [address, mode, name, count] = process.argv.slice(2);
const settings = {
  endpoint: `http://${address}`,
  region: "eu-west-1",
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
};
const topics = new sns.SNSClient(settings);
const queues = new sqs.SQSClient(settings);

async function makeTopic(Name, Attributes = {}) {
  return (await topics.send(new sns.CreateTopicCommand({ Name, Attributes }))).TopicArn;
}

async function subscribe(TopicArn, QueueName, FilterPolicy, Queue = {}) {
  const { QueueUrl } = await queues.send(
    new sqs.CreateQueueCommand({ QueueName, Attributes: Queue }),
  );
  const told = await queues.send(
    new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  const Attributes = { RawMessageDelivery: "true", ...(FilterPolicy && { FilterPolicy }) };
  const Endpoint = told.Attributes.QueueArn;
  const made = new sns.SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes });
  return (await topics.send(made)).SubscriptionArn;
}

function entry(number) {
  const kind = { DataType: "String", StringValue: number % 2 ? "odd" : "even" };
  return { Message: `value-${number}`, MessageAttributes: { kind } };
}

async function fan() {
  const TopicArn = await makeTopic(name);
  await subscribe(TopicArn, `${name}-all`);
  await subscribe(TopicArn, `${name}-odd`, '{"kind": ["odd"]}');
  const ordered = await makeTopic(`${name}.fifo`, { FifoTopic: "true" });
  await subscribe(ordered, `${name}-order.fifo`, undefined, { FifoQueue: "true" });
  for (let start = 0; start < Number(count); start += 10) {
    const PublishBatchRequestEntries = [];
    for (let number = start; number < Math.min(start + 10, Number(count)); number += 1) {
      await topics.send(new sns.PublishCommand({ TopicArn, ...entry(number) }));
      const fifo = { MessageGroupId: "g", MessageDeduplicationId: `${number}` };
      PublishBatchRequestEntries.push({ Id: `n${number}`, ...entry(number), ...fifo });
    }
    const batch = { TopicArn: ordered, PublishBatchRequestEntries };
    for (let time = 0; time < 2; time += 1) {
      const found = await topics.send(new sns.PublishBatchCommand(batch));
      if (found.Successful.length !== PublishBatchRequestEntries.length) {
        throw new Error(JSON.stringify(found));
      }
    }
  }
  await refused();
}

async function refused() {
  try {
    await topics.send(
      new sns.GetTopicAttributesCommand({ TopicArn: "arn:aws:sns:eu-west-1:000000000000:nowhere" }),
    );
  } catch (error) {
    if (error instanceof sns.NotFoundException) return;
    throw error;
  }
  throw new Error("a topic that is not there was found");
}

async function endpoint() {
  const TopicArn = await makeTopic(name);
  const found = [];
  let confirmed, done;
  const isConfirmed = new Promise((resolve) => (confirmed = resolve));
  const isDone = new Promise((resolve) => (done = resolve));
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", async () => {
      response.end();
      const message = JSON.parse(body);
      if (request.headers["x-amz-sns-message-type"] === "SubscriptionConfirmation") {
        const { Token } = message;
        confirmed(await topics.send(new sns.ConfirmSubscriptionCommand({ TopicArn, Token })));
      } else {
        found.push(message.Message);
        if (found.length === Number(count)) done();
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const Endpoint = `http://127.0.0.1:${server.address().port}/hook`;
  await topics.send(new sns.SubscribeCommand({ TopicArn, Protocol: "http", Endpoint }));
  const { SubscriptionArn } = await isConfirmed;
  for (let number = 0; number < Number(count); number += 1) {
    await topics.send(new sns.PublishCommand({ TopicArn, Message: `value-${number}` }));
  }
  await isDone;
  await topics.send(new sns.UnsubscribeCommand({ SubscriptionArn }));
  const left = await topics.send(new sns.ListSubscriptionsByTopicCommand({ TopicArn }));
  if (left.Subscriptions.length) throw new Error(JSON.stringify(left));
  server.close();
  server.closeAllConnections();
  console.log(found.join("\n"));
}

({ fan, endpoint })[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
