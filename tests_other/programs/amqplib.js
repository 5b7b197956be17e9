// amqplib: `produce QUEUE COUNT` sends value-0, value-1 ... with confirms; `consume QUEUE COUNT` prints and acks COUNT
// bodies. HOST:PORT comes first. One body a line; the exit status is 0 when all of it worked.
const amqp = require("amqplib");

const [address, mode, queue, count] = process.argv.slice(2);

async function main() {
  const connection = await amqp.connect(`amqp://guest:guest@${address}`);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  if (mode === "produce") {
    for (let number = 0; number < Number(count); number += 1) {
      const headers = { number };
      channel.sendToQueue(queue, Buffer.from(`value-${number}`), { persistent: true, headers });
    }
    await channel.waitForConfirms();
  } else {
    await channel.prefetch(10);
    let seen = 0;
    await new Promise((resolve) => {
      channel.consume(queue, (message) => {
        if (seen === Number(count)) return;
        console.log(message.content.toString());
        channel.ack(message);
        seen += 1;
        if (seen === Number(count)) resolve();
      });
    });
  }
  await channel.close();
  await connection.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
