// @azure/event-hubs: `send HUB COUNT` sends value-0, value-1 ... by the key "k", in one batch; `receive HUB COUNT` prints
// that many bodies, of all partitions; `say HUB COUNT` prints what the hub, and the partition that "k" leads to, say;
// `steal HUB COUNT` prints the code of the error that a receiver gets whose partition has a new owner.
// HOST:PORT comes first. The exit status is 0 when all of it worked.
const { EventHubConsumerClient, EventHubProducerClient, earliestEventPosition } = require("@azure/event-hubs");

const [address, mode, name, count] = process.argv.slice(2);
const string =
  `Endpoint=sb://${address};SharedAccessKeyName=RootManageSharedAccessKey;` +
  "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true";
const options = { retryOptions: { maxRetries: 0 } };
const group = EventHubConsumerClient.defaultConsumerGroupName;

function consumer() {
  return new EventHubConsumerClient(group, string, name, options);
}

async function send() {
  const producer = new EventHubProducerClient(string, name, options);
  const batch = await producer.createBatch({ partitionKey: "k" });
  for (let number = 0; number < Number(count); number += 1) {
    const event = { body: Buffer.from(`value-${number}`), properties: { number, text: "é" } };
    if (!batch.tryAdd(event)) throw new Error("the batch is full");
  }
  await producer.sendBatch(batch);
  await producer.close();
}

async function receive() {
  const client = consumer();
  const lines = await new Promise((resolve, reject) => {
    const found = [];
    client.subscribe(
      {
        processEvents: async (events) => {
          found.push(...events.map(({ body }) => Buffer.from(body).toString()));
          if (found.length >= Number(count)) resolve(found);
        },
        processError: async (error) => reject(error),
      },
      { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
    );
  });
  await client.close();
  lines.forEach((line) => console.log(line));
}

async function say() {
  const producer = new EventHubProducerClient(string, name, options);
  const { partitionIds } = await producer.getEventHubProperties();
  console.log(partitionIds.join(" "));
  for (const id of partitionIds) {
    const said = await producer.getPartitionProperties(id);
    if (!said.isEmpty) console.log(`${id} ${said.beginningSequenceNumber} ${said.lastEnqueuedSequenceNumber}`);
  }
  await producer.close();
}

async function steal() {
  const first = consumer();
  const second = consumer();
  const code = await new Promise((resolve) => {
    first.subscribe(
      "0",
      {
        processEvents: async () => {
          const nobody = { processEvents: async () => {}, processError: async () => {} };
          second.subscribe("0", nobody, { ownerLevel: 2, startPosition: earliestEventPosition });
        },
        processError: async (error) => resolve(error.code),
      },
      { ownerLevel: 1, startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
    );
  });
  await Promise.all([first.close(), second.close()]);
  console.log(code);
}

({ send, receive, say, steal })[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
