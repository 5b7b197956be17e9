// @azure/eventgrid and @azure/eventgrid-namespaces. HOST:PORT comes first, then what to do, then a topic, then a count.
//
//   publish TOPIC COUNT    CloudEvents with the data {value: value-0} ... to a topic, by a signature (it sends no other than objects)
//   grid TOPIC COUNT       the same in Event Grid's schema, by key
//   send TOPIC COUNT       CloudEvents with the data value-0, value-1 ... to a topic of a namespace
//   pull TOPIC COUNT       receives so many from the subscription `sub`, settles them in every way, prints their data
const { EventGridPublisherClient, generateSharedAccessSignature } = require("@azure/eventgrid");
const { EventGridSenderClient, EventGridReceiverClient } = require("@azure/eventgrid-namespaces");
const { AzureKeyCredential, AzureSASCredential } = require("@azure/core-auth");

const [address, mode, topic, count] = process.argv.slice(2);
const url = `http://${address}`;
const key = new AzureKeyCredential("bG9jYWw=");
const plain = { allowInsecureConnection: true };
const numbers = Array.from({ length: Number(count) }, (_, number) => number);

async function publish() {
  const endpoint = `${url}/${topic}/api/events`;
  const until = new Date(Date.now() + 60_000);
  const signature = await generateSharedAccessSignature(endpoint, key, until);
  const credential = new AzureSASCredential(signature);
  const client = new EventGridPublisherClient(endpoint, "CloudEvent", credential, plain);
  await client.send(numbers.map((n) => ({ type: "made", source: "/node", data: { value: `value-${n}` } })));
}

async function grid() {
  const client = new EventGridPublisherClient(`${url}/${topic}/api/events`, "EventGrid", key, plain);
  const events = numbers.map((n) => ({
    eventType: "made",
    subject: "node",
    dataVersion: "1.0",
    data: { value: `value-${n}` },
  }));
  await client.send(events);
}

async function send() {
  const client = new EventGridSenderClient(url, key, topic, plain);
  await client.sendEvents(numbers.map((n) => ({ type: "made", source: "/node", data: `value-${n}` })));
}

async function pull() {
  const client = new EventGridReceiverClient(url, key, topic, "sub", plain);
  const receive = (maxEvents) => client.receiveEvents({ maxEvents, maxWaitTime: 10 });
  const first = (await receive(1)).details[0].brokerProperties.lockToken;
  const released = await client.releaseEvents([first], { releaseDelay: 0 });
  const lost = await client.acknowledgeEvents([first]);
  if (released.succeededLockTokens.length !== 1 || lost.failedLockTokens.length !== 1) {
    throw new Error(JSON.stringify([released, lost]));
  }
  const found = [];
  while (found.length < Number(count)) {
    const { details } = await receive(20);
    const locks = details.map((one) => one.brokerProperties.lockToken);
    const renewed = await client.renewEventLocks(locks);
    const done = await client.acknowledgeEvents(locks);
    if (renewed.failedLockTokens.length || done.failedLockTokens.length) throw new Error("a lock was lost");
    found.push(...details.map((one) => one.event.data));
  }
  found.forEach((data) => console.log(data));
}

({ publish, grid, send, pull })[mode]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
