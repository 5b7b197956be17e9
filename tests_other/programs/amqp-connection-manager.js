// amqp-connection-manager: `produce QUEUE COUNT` sends value-0, value-1 ... with confirms; `consume QUEUE COUNT` prints
// and acks COUNT bodies. HOST:PORT comes first. It declares again whatever its set-up says whenever it reconnects.
const amqp = require("amqp-connection-manager");

const [address, mode, queue, count] = process.argv.slice(2);

async function main() {
  const connection = amqp.connect([`amqp://guest:guest@${address}`]);
  const wrapper = connection.createChannel({
    setup: async (channel) => {
      await channel.assertQueue(queue, { durable: true });
      await channel.prefetch(10);
    },
  });
  await wrapper.waitForConnect();
  if (mode === "produce") {
    for (let number = 0; number < Number(count); number += 1) {
      await wrapper.sendToQueue(queue, Buffer.from(`value-${number}`), { persistent: true });
    }
  } else {
    let seen = 0;
    await new Promise((resolve) => {
      wrapper.consume(queue, (message) => {
        if (seen === Number(count)) return;
        console.log(message.content.toString());
        wrapper.ack(message);
        seen += 1;
        if (seen === Number(count)) resolve();
      });
    });
  }
  await wrapper.close();
  await connection.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
