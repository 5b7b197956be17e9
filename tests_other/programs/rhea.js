// rhea, AMQP 1.0: `produce QUEUE COUNT` sends value-0, value-1 ... and waits for every outcome; `consume QUEUE COUNT`
// prints and accepts COUNT bodies; `share QUEUE COUNT` sends values of the kinds a, b, c in turn, and prints what a receiver
// for a and one for b get by their selectors, with what is left for one without. HOST:PORT comes first. The queue is there. One body a line; the exit status is 0 when
// all of it worked.
const container = require("rhea");

const [address, mode, queue, count] = process.argv.slice(2);
const [host, port] = address.split(":");
const total = Number(count);

function text(body) {
  const content = body && body.content !== undefined ? body.content : body;
  return Buffer.isBuffer(content) ? content.toString() : String(content);
}

container.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
for (const event of ["connection_error", "session_error", "sender_error", "receiver_error", "rejected", "released"]) {
  container.on(event, (context) => {
    console.error(event, context.error);
    process.exit(1);
  });
}

const connection = container.connect({ host, port: Number(port), username: "guest", password: "guest", reconnect: false });
if (mode === "produce") {
  let sent = 0;
  let accepted = 0;
  connection.open_sender(`/queues/${queue}`);
  container.on("sendable", (context) => {
    while (context.sender.sendable() && sent < total) {
      context.sender.send({ body: `value-${sent}`, application_properties: { number: sent } });
      sent += 1;
    }
  });
  container.on("accepted", () => {
    accepted += 1;
    if (accepted === total) connection.close();
  });
} else if (mode === "share") {
  const address = `/queues/${queue}`;
  const got = { a: [], b: [], "-": [] };
  const open = (kind, filter) =>
    connection.open_receiver({ name: kind, source: { address, filter }, credit_window: total });
  for (const kind of ["a", "b"]) open(kind, container.filter.selector(`kind = '${kind}'`));
  const sender = connection.open_sender(address);
  let sent = 0;
  let accepted = 0;
  container.on("sendable", () => {
    for (; sender.sendable() && sent < total; sent += 1) {
      sender.send({ body: `value-${sent}`, application_properties: { kind: "abc"[sent % 3] } });
    }
  });
  container.on("accepted", () => {
    accepted += 1;
    if (accepted === total) open("-");
  });
  container.on("message", (context) => {
    got[context.receiver.name].push(text(context.message.body));
    if (Object.values(got).flat().length < total) return;
    setTimeout(() => {
      for (const [kind, bodies] of Object.entries(got)) for (const body of [...bodies, null]) console.log(kind, body);
      connection.close();
    }, 100);
  });
} else {
  let seen = 0;
  const receiver = connection.open_receiver({ source: `/queues/${queue}`, credit_window: 0, autoaccept: true });
  receiver.add_credit(total);
  container.on("message", (context) => {
    console.log(text(context.message.body));
    seen += 1;
    if (seen === total) setImmediate(() => connection.close());
  });
}
container.on("connection_close", () => process.exit(0));
