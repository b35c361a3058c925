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

/** Microsoft's store; what it says and what a processor then gets is compared, and what does not fit is `wrong`. */
class WatchedStore extends BlobCheckpointStore {
  constructor(container, written) {
    super(container);
    Object.assign(this, { written, found: new Map(), wrong: [] });
  }

  async updateCheckpoint(checkpoint, ...rest) {
    await super.updateCheckpoint(checkpoint, ...rest);
    this.written.set(checkpoint.partitionId, checkpoint.sequenceNumber);
  }

  async listCheckpoints(...asked) {
    const written = new Map(this.written);
    const found = await super.listCheckpoints(...asked);
    this.found = new Map(found.map((each) => [each.partitionId, each.sequenceNumber]));
    for (const [id, sequence] of written)
      if (!(this.found.get(id) >= sequence)) this.wrong.push(`${id}: checkpoint ${sequence}, found ${this.found.get(id)}`);
    return found;
  }
}

/** A processor that writes down what it gets, and then its checkpoint; `written` holds those of all processors. */
function processor(t, hub, container, written = new Map()) {
  const options = { retryOptions: AGAIN, loadBalancingOptions: BALANCING };
  const store = new WatchedStore(container, written);
  const client = closing(t, new EventHubConsumerClient("$Default", address(hub), store, options));
  const seen = { events: [], errors: [], partitions: new Set(), wrong: store.wrong, client };
  const last = new Map();
  const handlers = {
    processInitialize: async ({ partitionId: id }) => {
      seen.partitions.add(id);
      last.set(id, store.found.get(id) ?? -1);
    },
    processClose: async (_, { partitionId: id }) => void seen.partitions.delete(id),
    processEvents: async (events, context) => {
      for (const { sequenceNumber } of events) {
        const { partitionId: id } = context;
        if (sequenceNumber !== last.get(id) + 1) seen.wrong.push(`${id}: ${sequenceNumber} after ${last.get(id)}`);
        last.set(id, sequenceNumber);
      }
      seen.events.push(...events);
      if (events.length) await context.updateCheckpoint(events.at(-1));
    },
    processError: async (error) => void seen.errors.push(error),
  };
  client.subscribe(handlers, { startPosition: FIRST, maxBatchSize: 50, maxWaitTimeInSeconds: 0.2 });
  return seen;
}

check("two processors share 4,000 events, one is closed among them: none lost, again only what had no checkpoint", async (t) => {
  const hub = await newHub(4);
  const container = await newContainer();
  const written = new Map();
  const sender = producer(t, hub, AGAIN);
  const first = processor(t, hub, container, written);
  await until(() => first.partitions.size === 4, "the first one has all partitions");
  const second = processor(t, hub, container, written);
  const owned = () => JSON.stringify([first, second].map(({ partitions, errors }) => [[...partitions], errors.map(String)]));
  const each = () => new Set([...first.partitions, ...second.partitions]).size;
  await until(() => second.partitions.size === 2 && first.partitions.size === 2 && each() === 4, owned);
  const all = bodies(numbered(4000));
  const read = () => bodies([...first.events, ...second.events]);
  let closed;
  for (let at = 0; at < all.length; at += 100) {
    await sender.sendBatch(numbered(100, at), { partitionId: String((at / 100) % 4) });
    if (at === 2000) {
      await until(() => first.events.length, () => `the first one has events; ${owned()}`);
      closed = first.client.close();
    }
  }
  await closed;
  await until(() => compare(all, read()).lost.length === 0, () => `lost: ${compare(all, read()).lost.length}`);
  const errors = [...first.errors, ...second.errors].map((error) => error.code);
  t.note(`4000 sent, one of two closed: 0 lost, ${compare(all, read()).doubled.length} doubled; told of: ${errors}`);
  assert.deepEqual([...first.wrong, ...second.wrong], []);
});

/** A hub of one partition, whose first ten events a processor has read and put behind its checkpoint. */
async function tenHandled(t) {
  const hub = await newHub(1);
  const container = await newContainer();
  const sender = producer(t, hub, AGAIN);
  await sender.sendBatch(numbered(10));
  const written = new Map();
  const before = processor(t, hub, container, written);
  await until(() => written.get("0") === 9, "the first ten and their checkpoint");
  await before.client.close();
  return { hub, container, sender, before };
}

check("a processor goes on behind its checkpoints, which lie where all of Microsoft's stores keep them", async (t) => {
  const { hub, container, sender, before } = await tenHandled(t);
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
  const { hub, container } = await tenHandled(t);
  await order({ recreate: { hub: hub.name } });
  const after = processor(t, hub, container);
  await until(() => after.errors.length || after.events.length, "the processor is told");
  assert.equal(after.errors[0]?.code, "ArgumentError");
  assert.deepEqual(after.events, []);
});
