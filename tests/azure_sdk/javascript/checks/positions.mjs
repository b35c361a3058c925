// Where a reader begins.
import { earliestEventPosition, latestEventPosition } from "@azure/event-hubs";
import assert from "node:assert/strict";
import { bodies, check, consumer, follow, newHub, numbered, producer, reaching, readAll, readers, until } from "./support.mjs";

/** A hub whose one partition holds 0 to 9, and these events. */
async function ten(t) {
  const hub = await newHub();
  await producer(t, hub).sendBatch(numbered(10));
  return { hub, events: await readAll(t, hub) };
}

const from = (first) => Array.from({ length: 10 - first }, (_, at) => first + at);

check("the earliest position gives every event", async (t) => {
  const { hub } = await ten(t);
  assert.deepEqual(bodies(await readAll(t, hub, earliestEventPosition)), from(0));
});

check("the latest position gives what is sent from then on", async (t) => {
  const { hub } = await ten(t);
  const reader = follow(consumer(t, hub), latestEventPosition);
  await readers(hub, 1);
  await producer(t, hub).sendBatch([{ body: "new" }]);
  assert.deepEqual(bodies(await reaching(reader, 10)), ["new"]);
});

check("a position by offset gives what comes after it", async (t) => {
  const { hub, events } = await ten(t);
  assert.deepEqual(bodies(await readAll(t, hub, { offset: events[4].offset })), from(5));
});

check("a position by offset may include its event", async (t) => {
  const { hub, events } = await ten(t);
  assert.deepEqual(bodies(await readAll(t, hub, { offset: events[4].offset, isInclusive: true })), from(4));
});

check("a position by sequence number gives what comes after it", async (t) => {
  const { hub } = await ten(t);
  assert.deepEqual(bodies(await readAll(t, hub, { sequenceNumber: 6 })), from(7));
});

check("a position by sequence number may include its event", async (t) => {
  const { hub } = await ten(t);
  assert.deepEqual(bodies(await readAll(t, hub, { sequenceNumber: 6, isInclusive: true })), from(6));
});

check("a position by time gives what was enqueued after it", async (t) => {
  const hub = await newHub();
  const sender = producer(t, hub);
  await sender.sendBatch([{ body: "old" }]);
  const [old] = await readAll(t, hub);
  await until(() => Date.now() > old.enqueuedTimeUtc.getTime() + 5, "a later time");
  await sender.sendBatch([{ body: "new" }]);
  assert.deepEqual(bodies(await readAll(t, hub, { enqueuedOn: old.enqueuedTimeUtc })), ["new"]);
});

check("a time before 1970 gives every event", async (t) => {
  const { hub } = await ten(t);
  assert.deepEqual(bodies(await readAll(t, hub, { enqueuedOn: new Date(-86_400_000) })), from(0));
});

check("a reader hears of the last event with each one, if it asks for that", async (t) => {
  const { hub, events } = await ten(t);
  const reader = follow(consumer(t, hub), undefined, { trackLastEnqueuedEventProperties: true });
  await reaching(reader, 9);
  const last = events.at(-1);
  assert.equal(reader.last.sequenceNumber, 9);
  assert.equal(reader.last.offset, last.offset);
  assert.deepEqual(reader.last.enqueuedOn, last.enqueuedTimeUtc);
  assert.ok(Math.abs(reader.last.retrievedOn - Date.now()) < 600_000);
});
