// @azure/service-bus: `administer NAME COUNT` makes, describes, lists and deletes entities called NAME...; `exchange NAME
// COUNT` makes a queue, sends value-0, value-1 ... as a batch, locks and completes them; `sessions NAME COUNT` does so in
// two sessions; `rules NAME COUNT` sends to a topic whose subscription takes every second message, `actions NAME COUNT` to one
// whose rules change what they take; `works NAME COUNT` schedules, renews and loses locks, takes the next session and subscribes,
// and NAME-brief is a queue whose locks last a second; `ways NAME COUNT` comes in by a WebSocket and by an address of its own;
// `complete NAME COUNT` peeks at, locks and completes what somebody else has sent; `forward NAME COUNT` sends a message in a circle. Prints what came, one a line. A connection string comes first; the exit status is 0 when all of it worked.
const { ServiceBusAdministrationClient, ServiceBusClient } = require("@azure/service-bus");

const [string, mode, name, count] = process.argv.slice(2);
const total = Number(count);
const admin = new ServiceBusAdministrationClient(string);
const client = new ServiceBusClient(string);
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const lines = [];

function check(found, wanted) {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${left}, not ${right}`);
}

async function refused(work, code) {
  try {
    await work();
  } catch (error) {
    check(error.code, code);
    return;
  }
  throw new Error(`nothing was refused with ${code}`);
}

async function send(to, options) {
  const sender = client.createSender(to);
  const batch = await sender.createMessageBatch();
  for (let number = 0; number < total; number += 1) {
    if (!batch.tryAddMessage({ body: `value-${number}`, ...options(number) })) throw new Error("the batch is full");
  }
  await sender.sendMessages(batch);
  await sender.close();
}

async function take(receiver, wanted) {
  const found = [];
  while (found.length < wanted) {
    const some = await receiver.receiveMessages(wanted - found.length, { maxWaitTimeInMs: 5000 });
    if (!some.length) throw new Error(`only ${found.length} of ${wanted} came`);
    for (const message of some) {
      await receiver.completeMessage(message);
      found.push(message.body);
    }
  }
  await receiver.close();
  return found;
}

const modes = {
  async administer() {
    const queue = await admin.createQueue(name, { maxDeliveryCount: 4, lockDuration: "PT30S", userMetadata: "m" });
    check([queue.maxDeliveryCount, queue.lockDuration, queue.userMetadata], [4, "PT30S", "m"]);
    await admin.updateQueue({ ...queue, maxDeliveryCount: 6 });
    check((await admin.getQueue(name)).maxDeliveryCount, 6);
    check([await admin.queueExists(name), await admin.queueExists(`${name}-none`)], [true, false]);
    await refused(() => admin.createQueue(name), "MessageEntityAlreadyExistsError");
    await refused(() => admin.getQueue(`${name}-none`), "MessageEntityNotFoundError");
    const topic = `${name}-topic`;
    await admin.createTopic(topic);
    const first = { name: "first", filter: { sqlExpression: "a = 1" } };
    await admin.createSubscription(topic, "s", { defaultRuleOptions: first });
    await admin.createRule(topic, "s", "r", { subject: "x", applicationProperties: { n: 1, s: "t", b: true } });
    check((await admin.getRule(topic, "s", "r")).filter.applicationProperties, { n: 1, s: "t", b: true });
    for await (const rule of admin.listRules(topic, "s")) lines.push(rule.name);
    for (let number = 0; number < total; number += 1) await admin.createQueue(`${name}/${number}`);
    for await (const page of admin.listQueues().byPage({ maxPageSize: 2 })) {
      lines.push(...page.map((each) => each.name).filter((each) => each.startsWith(`${name}/`)));
    }
    check((await admin.getSubscriptionRuntimeProperties(topic, "s")).totalMessageCount, 0);
    check((await admin.getNamespaceProperties()).name, "localhost");
    await admin.deleteTopic(topic);
    await admin.deleteQueue(name);
  },

  async exchange() {
    await admin.createQueue(name);
    await send(name, () => ({}));
    check((await admin.getQueueRuntimeProperties(name)).activeMessageCount, total);
    lines.push(...(await take(client.createReceiver(name), total)));
    const later = client.createSender(name);
    const numbers = await later.scheduleMessages([{ body: "a" }, { body: "b" }], new Date(Date.now() + 600000));
    check((await admin.getQueueRuntimeProperties(name)).scheduledMessageCount, 2);
    await later.cancelScheduledMessages(numbers);
    check((await admin.getQueueRuntimeProperties(name)).scheduledMessageCount, 0);
    await client.createSender(name).sendMessages({ body: "bad", applicationProperties: { kept: "k", seen: 0 } });
    const reader = client.createReceiver(name);
    const next = async () => (await reader.receiveMessages(1, { maxWaitTimeInMs: 5000 }))[0];
    await reader.abandonMessage(await next(), { seen: 1 });
    const again = await next();
    check([again.applicationProperties, again.deliveryCount], [{ kept: "k", seen: 1 }, 1]);
    await reader.deferMessage(again, { seen: 2, deferred: true });
    check((await reader.peekMessages(1))[0].applicationProperties, { kept: "k", seen: 2, deferred: true });
    const [bad] = await reader.receiveDeferredMessages([again.sequenceNumber]);
    check(bad.applicationProperties, { kept: "k", seen: 2, deferred: true });
    await reader.deadLetterMessage(bad, { deadLetterReason: "why", deadLetterErrorDescription: "so", seen: 3 });
    const letters = client.createReceiver(name, { subQueueType: "deadLetter" });
    const [letter] = await letters.receiveMessages(1, { maxWaitTimeInMs: 5000 });
    check([letter.deadLetterReason, letter.applicationProperties.seen], ["why", 3]);
    check([letter.applicationProperties.kept, letter.applicationProperties.deferred], ["k", true]);
    await letters.completeMessage(letter);
    check((await admin.getQueueRuntimeProperties(name)).totalMessageCount, 0);
  },

  async complete() {
    const receiver = client.createReceiver(name);
    const peeked = await receiver.peekMessages(total);
    const some = await receiver.receiveMessages(total, { maxWaitTimeInMs: 5000 });
    check(some.map((each) => each.messageId), peeked.map((each) => each.messageId));
    check(new Set(some.map((each) => each.messageId)).size, total);
    for (const message of some) {
      await receiver.renewMessageLock(message);
      await receiver.completeMessage(message);
      lines.push(String(message.body));
    }
    await receiver.close();
    check((await admin.getQueueRuntimeProperties(name)).totalMessageCount, 0);
  },

  async forward() {
    await admin.createQueue(`${name}-b`);
    await admin.createQueue(name, { forwardTo: `${name}-b` });
    await admin.updateQueue({ ...(await admin.getQueue(`${name}-b`)), forwardTo: name });
    await client.createSender(name).sendMessages({ body: "round" });
    const letters = client.createReceiver(name, { subQueueType: "transferDeadLetter" });
    const [letter] = await letters.receiveMessages(1, { maxWaitTimeInMs: 5000 });
    check((await admin.getQueueRuntimeProperties(name)).transferDeadLetterMessageCount, 1);
    await letters.completeMessage(letter);
    check((await admin.getQueueRuntimeProperties(name)).transferDeadLetterMessageCount, 0);
    lines.push(letter.deadLetterReason);
  },

  async sessions() {
    await admin.createQueue(name, { requiresSession: true });
    await send(name, (number) => ({ sessionId: number % 2 ? "odd" : "even" }));
    for (const session of ["odd", "even"]) {
      const receiver = await client.acceptSession(name, session);
      await receiver.setSessionState("state");
      check(await receiver.getSessionState(), "state");
      lines.push(...(await take(receiver, total / 2)));
    }
  },

  async rules() {
    await admin.createTopic(name);
    await admin.createSubscription(name, "s", { defaultRuleOptions: { name: "r", filter: { sqlExpression: "n = 1" } } });
    await send(name, (number) => ({ applicationProperties: { n: number % 2 } }));
    lines.push(...(await take(client.createReceiver(name, "s"), total / 2)));
  },

  async actions() {
    await admin.createTopic(name);
    await admin.createSubscription(name, "s");
    await admin.createRule(
      name, "s", "admin", { sqlExpression: "n = @wanted", sqlParameters: { "@wanted": 1 } },
      { sqlExpression: "SET by = @by; SET twice = n + n", sqlParameters: { "@by": "admin" } },
    );
    check((await admin.getRule(name, "s", "admin")).action.sqlParameters, { "@by": "admin" });
    const when = new Date("2030-01-02T03:04:05.678Z");
    await admin.createRule(name, "s", "timed", { sqlExpression: "at = @at", sqlParameters: { "@at": when } });
    check((await admin.getRule(name, "s", "timed")).filter.sqlParameters, { "@at": when });
    const rules = client.createRuleManager(name, "s");
    await rules.deleteRule("$Default");
    await rules.deleteRule("timed");
    await rules.createRule("timed", { applicationProperties: { at: when } });
    for await (const rule of rules.listRules()) if (rule.name === "timed") check(rule.filter.applicationProperties.at, when);
    await rules.deleteRule("timed");
    await rules.createRule("link", { subject: "label" }, { sqlExpression: "SET by = 'link'; SET sys.Label = NULL" });
    for await (const rule of rules.listRules()) lines.push(`${rule.name} ${rule.action.sqlExpression}`);
    await send(name, (number) => ({ subject: "label", applicationProperties: { n: number % 2 } }));
    const receiver = client.createReceiver(name, "s", { receiveMode: "receiveAndDelete" });
    let left = total + Math.floor(total / 2);
    while (left > 0) {
      const some = await receiver.receiveMessages(left, { maxWaitTimeInMs: 5000 });
      if (!some.length) throw new Error(`${left} did not come`);
      left -= some.length;
      for (const { body, subject, applicationProperties: said } of some) {
        lines.push(`${body} ${said.by} ${said.twice ?? "-"} ${subject ?? "-"}`);
      }
    }
    await receiver.close();
  },

  async works() {
    await admin.createQueue(name);
    const [sender, receiver] = [client.createSender(name), client.createReceiver(name)];
    const due = new Date(Date.now() + 500);
    const [, cancelled] = await sender.scheduleMessages([{ body: "kept" }, { body: "cancelled" }], due);
    check((await receiver.peekMessages(5)).map(({ body, state }) => [body, state]), [["kept", "scheduled"], ["cancelled", "scheduled"]]);
    await sender.cancelScheduledMessages(cancelled);
    const [kept] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 5000 });
    check([kept.body, kept.enqueuedTimeUtc >= due], ["kept", true]);
    const before = kept.lockedUntilUtc;
    await pause(20);
    check((await receiver.renewMessageLock(kept)) > before, true);
    await receiver.completeMessage(kept);
    check(await receiver.peekMessages(1), []);

    const brief = client.createReceiver(`${name}-brief`, { maxAutoLockRenewalDurationInMs: 0 });
    await client.createSender(`${name}-brief`).sendMessages({ body: "slow" });
    const [slow] = await brief.receiveMessages(1, { maxWaitTimeInMs: 5000 });
    await pause(1100);
    await refused(() => brief.completeMessage(slow), "MessageLockLost");
    await refused(() => brief.renewMessageLock(slow), "MessageLockLost");
    const [again] = await brief.receiveMessages(1, { maxWaitTimeInMs: 5000 });
    check([again.body, again.deliveryCount], ["slow", 1]);
    await brief.completeMessage(again);
    lines.push("locks");

    await admin.createQueue(`${name}-sessions`, { requiresSession: true });
    await send(`${name}-sessions`, () => ({ sessionId: "only" }));
    const session = await client.acceptNextSession(`${name}-sessions`);
    const until = session.sessionLockedUntilUtc;
    await pause(20);
    check([session.sessionId, (await session.renewSessionLock()) > until], ["only", true]);
    lines.push(...(await take(session, total)));

    await send(name, () => ({}));
    const heard = [];
    await new Promise((resolve, reject) => {
      receiver.subscribe(
        {
          processError: async ({ error }) => reject(error),
          processMessage: async ({ body }) => {
            if (heard.push(body) === total) resolve();
          },
        },
        { maxConcurrentCalls: 2 },
      );
    });
    await receiver.close();
    check((await admin.getQueueRuntimeProperties(name)).totalMessageCount, 0);
    lines.push(...heard.sort());
  },

  async ways() {
    await admin.createQueue(name);
    const port = /:(\d+);/.exec(string)[1];
    const cloud = "Endpoint=sb://some.servicebus.windows.net;SharedAccessKeyName=k;SharedAccessKey=v";
    const ways = {
      "wss, as the emulator": [string, { webSocketOptions: { webSocket: require("ws") } }],
      "TLS, by an address": [cloud, { customEndpointAddress: `sb://localhost:${port}` }],
      "wss, by an address": [
        cloud,
        { customEndpointAddress: `https://localhost:${port}`, webSocketOptions: { webSocket: require("ws") } },
      ],
    };
    for (const [way, known] of Object.entries(ways)) {
      const other = new ServiceBusClient(...known);
      await other.createSender(name).sendMessages({ body: `${way} ${"x".repeat(100000)}` });
      const [body] = await take(other.createReceiver(name), 1);
      check(body.length, way.length + 100001);
      lines.push(way);
      await other.close();
    }
  },
};

modes[mode]()
  .then(() => client.close())
  .then(
    () => {
      process.stdout.write(lines.map((line) => `${line}\n`).join(""));
      process.exit(0);
    },
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
