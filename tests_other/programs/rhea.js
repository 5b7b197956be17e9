// rhea, AMQP 1.0: `produce QUEUE COUNT` sends value-0, value-1 ... and waits for every outcome; `consume QUEUE COUNT`
// prints and accepts COUNT bodies. HOST:PORT comes first. The queue is there. One body a line; the exit status is 0 when
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
