// Processors that share partitions, with Microsoft's checkpoint store on a storage account.
import { EventHubConsumerClient } from "@azure/event-hubs";
import { BlobCheckpointStore } from "@azure/eventhubs-checkpointstore-blob";
import assert from "node:assert/strict";
import {
  AGAIN, FIRST, address, bodies, check, closing, compare, newContainer, newHub, numbered, order, producer, until,
} from "./support.mjs";

const BALANCING = {
  strategy: "greedy", updateIntervalInMs: 500, partitionOwnershipExpirationIntervalInMs: 20_000,
};

/** A processor that writes down what it gets, and then its checkpoint. */
function processor(t, hub, container, startPosition = FIRST) {
  const options = { retryOptions: AGAIN, loadBalancingOptions: BALANCING };
  const store = new BlobCheckpointStore(container);
  const client = closing(t, new EventHubConsumerClient("$Default", address(hub), store, options));
  const seen = { events: [], errors: [], partitions: new Set(), client };
  const handlers = {
    processInitialize: async ({ partitionId }) => void seen.partitions.add(partitionId),
    processClose: async (_, { partitionId }) => void seen.partitions.delete(partitionId),
    processEvents: async (events, context) => {
      if (!events.length) return;
      seen.events.push(...events);
      await context.updateCheckpoint(events.at(-1));
    },
    processError: async (error) => void seen.errors.push(error),
  };
  client.subscribe(handlers, { startPosition, maxBatchSize: 50, maxWaitTimeInSeconds: 0.2 });
  return seen;
}

check("two processors share 4,000 events, one is closed among them: none lost", async (t) => {
  const hub = await newHub(4);
  const container = await newContainer();
  const sender = producer(t, hub, AGAIN);
  const first = processor(t, hub, container);
  const second = processor(t, hub, container);
  await until(() => first.partitions.size === 2 && second.partitions.size === 2, "two partitions each");
  const all = bodies(numbered(4000));
  const read = () => bodies([...first.events, ...second.events]);
  let closed;
  for (let at = 0; at < all.length; at += 100) {
    await sender.sendBatch(numbered(100, at), { partitionId: String((at / 100) % 4) });
    if (at === 2000) {
      await until(() => first.events.length, "the first one has events");
      closed = first.client.close();
    }
  }
  await closed;
  await until(() => compare(all, read()).lost.length === 0, () => `lost: ${compare(all, read()).lost.length}`);
  const { doubled } = compare(all, read());

  t.note(`4000 sent, one of two processors closed: 0 lost, ${doubled.length} doubled`);
  // Whoever takes over begins at the checkpoint: at most what was handed over and not yet checkpointed comes again.
  assert.ok(doubled.length <= 2 * 50, `${doubled.length} doubled`);
});

check("a processor goes on behind its checkpoints, which lie where all of Microsoft's stores keep them", async (t) => {
  const hub = await newHub(1);
  const container = await newContainer();
  const sender = producer(t, hub, AGAIN);
  await sender.sendBatch(numbered(10));
  const before = processor(t, hub, container);
  await until(() => before.events.length === 10, "the first ten");
  await before.client.close();
  const found = [];
  for await (const blob of container.listBlobsFlat({ includeMetadata: true })) found.push(blob);
  const [checkpoint, ownership] = found.sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.equal(checkpoint.name, `127.0.0.1/${hub.name}/$default/checkpoint/0`);
  assert.equal(ownership.name, `127.0.0.1/${hub.name}/$default/ownership/0`);
  assert.deepEqual(checkpoint.metadata, { offset: before.events.at(-1).offset, sequencenumber: "9" });
  await sender.sendBatch(numbered(10, 10));
  const after = processor(t, hub, container);
  await until(() => after.events.at(-1)?.body === 19, "the second ten");
  assert.deepEqual(bodies(after.events), bodies(numbered(10, 10)));
});

check("a processor with a checkpoint of another life of the hub is told, and passes over nothing in silence", async (t) => {
  const hub = await newHub(1);
  const container = await newContainer();
  const sender = producer(t, hub, AGAIN);
  await sender.sendBatch(numbered(10));
  const before = processor(t, hub, container);
  await until(() => before.events.length === 10, "the first ten");
  await before.client.close();
  await order({ recreate: { hub: hub.name } });
  const after = processor(t, hub, container);
  await until(() => after.errors.length || after.events.length, "the processor is told");
  assert.equal(after.errors[0]?.code, "ArgumentError");
  assert.deepEqual(after.events, []);
});
