// @azure/event-hubs with its checkpoint store on Azure Blob: `process HUB COUNT BLOBS` prints COUNT bodies, of all
// partitions, noting in the container HUB of the account at BLOBS how far it came, and begins where the last one ended.
// HOST:PORT comes first. The exit status is 0 when all of it worked.
const { EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const { BlobCheckpointStore } = require("@azure/eventhubs-checkpointstore-blob");
const { ContainerClient, StorageSharedKeyCredential } = require("@azure/storage-blob");

const [address, , name, count, blobs] = process.argv.slice(2);
const string =
  `Endpoint=sb://${address};SharedAccessKeyName=RootManageSharedAccessKey;` +
  "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true";
const [account, key] = process.env.BLOB_ACCOUNT.split(" ");

async function main() {
  const container = new ContainerClient(`${blobs}/${name}`, new StorageSharedKeyCredential(account, key));
  await container.createIfNotExists();
  const store = new BlobCheckpointStore(container);
  const group = EventHubConsumerClient.defaultConsumerGroupName;
  const client = new EventHubConsumerClient(group, string, name, store, {
    loadBalancingOptions: { strategy: "greedy", updateIntervalInMs: 200, partitionOwnershipExpirationIntervalInMs: 2000 },
  });
  const found = [];
  await new Promise((resolve, reject) => {
    client.subscribe(
      {
        processEvents: async (events, context) => {
          if (!events.length) return;
          found.push(...events.map(({ body }) => Buffer.from(body).toString()));
          await context.updateCheckpoint(events[events.length - 1]);
          if (found.length >= Number(count)) resolve();
        },
        processError: async (error) => reject(error),
      },
      { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
    );
  });
  await client.close();
  found.sort().forEach((line) => console.log(line));
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
