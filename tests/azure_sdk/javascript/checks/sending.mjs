// What is sent, and what of it arrives.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  ONCE, bodies, buffered, check, newHub, numbered, partitionOf, producer, readAll, rejection,
} from "./support.mjs";

const LIMIT = 1024 * 1024;

/** Send one event of any kind, and return how it arrives. */
async function there(t, event, options) {
  const hub = await newHub();
  await producer(t, hub).sendBatch([event]);
  return (await readAll(t, hub, undefined, options))[0];
}

check("a batch is stored in the order in which it was filled", async (t) => {
  const hub = await newHub();
  const sender = producer(t, hub);
  const batch = await sender.createBatch();
  for (const event of numbered(100)) assert.ok(batch.tryAdd(event));
  await sender.sendBatch(batch);
  assert.deepEqual(bodies(await readAll(t, hub)), bodies(numbered(100)));
});

check("every event has the next sequence number, a later offset, and the time at which it came", async (t) => {
  const hub = await newHub();
  const began = Date.now();
  const sender = producer(t, hub);
  for (const event of numbered(5)) await sender.sendBatch([event]);
  const events = await readAll(t, hub);
  assert.deepEqual(events.map((event) => event.sequenceNumber), [0, 1, 2, 3, 4]);
  const offsets = events.map((event) => Number(event.offset));
  assert.deepEqual(offsets, [...new Set(offsets)].sort((a, b) => a - b));
  for (const { enqueuedTimeUtc: at } of events) assert.ok(at >= began - 5 && at <= Date.now() + 5, `${at}`);
});

check("an event lies in the partition that it was sent to", async (t) => {
  const hub = await newHub(4);
  const sender = producer(t, hub);
  for (const id of ["3", "1", "0", "2", "2"]) await sender.sendBatch([{ body: id }], { partitionId: id });
  for (const [id, count] of [["0", 1], ["1", 1], ["2", 2], ["3", 1]])
    assert.deepEqual(bodies(await readAll(t, hub, undefined, { partition: id })), Array(count).fill(id));
});

check("events without a partition and a key are spread over all", async (t) => {
  const hub = await newHub(4);
  const sender = producer(t, hub);
  for (const event of numbered(8)) await sender.sendBatch([event]);
  for (const id of "0123") assert.equal((await partitionOf(hub, id)).count, 2);
});

check("events of one key lie in one partition, in order, and keep their key", async (t) => {
  const hub = await newHub(4);
  const sender = producer(t, hub);
  const keys = ["k", "schlüssel", "鍵", "a key/with?signs", "k".repeat(128)];
  for (const event of numbered(3)) for (const key of keys) await sender.sendBatch([event], { partitionKey: key });
  const found = new Map(keys.map((key) => [key, []]));
  for (const id of "0123")
    for (const event of await readAll(t, hub, undefined, { partition: id }))
      found.get(event.partitionKey).push([id, event.body]);
  for (const key of keys) {
    const [[id]] = found.get(key);
    assert.deepEqual(found.get(key), [[id, 0], [id, 1], [id, 2]], key);
  }
});

check("a key of 129 characters is refused", async (t) => {
  const hub = await newHub();
  const error = await rejection(producer(t, hub).sendBatch(numbered(1), { partitionKey: "k".repeat(129) }));
  assert.equal(error.code, "ArgumentError");
  assert.equal((await partitionOf(hub)).count, 0);
});

check("the buffered and the plain producer put a key on one and the same partition", async (t) => {
  const hub = await newHub(4);
  const failed = [];
  const later = buffered(t, hub, failed);
  const sender = producer(t, hub);
  const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
  for (const key of keys) {
    await later.enqueueEvent({ body: `buffered ${key}` }, { partitionKey: key });
    await sender.sendBatch([{ body: `plain ${key}` }], { partitionKey: key });
  }
  await later.flush();
  assert.deepEqual(failed, []);
  const at = {};
  for (const id of "0123") for (const body of bodies(await readAll(t, hub, undefined, { partition: id }))) at[body] = id;
  const apart = keys.filter((key) => at[`buffered ${key}`] !== at[`plain ${key}`]);
  assert.deepEqual(apart, []);
});

check("the buffered producer sends everything once, in order within each partition", async (t) => {
  const hub = await newHub(4);
  const failed = [];
  const sender = buffered(t, hub, failed);
  for (const event of numbered(300)) await sender.enqueueEvent(event, { partitionId: String(event.body % 4) });
  await sender.flush();
  assert.deepEqual(failed, []);
  for (const id of "0123") {
    const expected = bodies(numbered(300)).filter((body) => body % 4 === Number(id));
    assert.deepEqual(bodies(await readAll(t, hub, undefined, { partition: id })), expected);
  }
});

check("properties of every type arrive as they were sent", async (t) => {
  // Not bytes: the client sends a map of them, and of a date its number.
  const when = new Date("2026-01-02T03:04:05.678Z");
  const properties = {
    text: "größe 大", empty: "", yes: true, no: false, zero: 0, small: -1, large: 2 ** 40, negative: -(2 ** 40),
    fraction: 0.1, date: when, nothing: null, list: [1, "two"], map: { a: 1 },
  };
  const arrived = await there(t, { body: "", properties });
  assert.deepEqual(arrived.properties, { ...properties, date: when.getTime() });
});

for (const [kind, id] of [["text", randomUUID()], ["a number", 42], ["bytes", Buffer.from("00ff0102030405060708090a0b0c0d0e", "hex")]])
  check(`ids that are ${kind} arrive so`, async (t) => {
    const event = { body: 1, messageId: id, correlationId: id, contentType: "application/json" };
    const arrived = await there(t, event);
    assert.deepEqual([arrived.messageId, arrived.correlationId, arrived.contentType], [id, id, "application/json"]);
  });

const BODIES = {
  "an object": { a: [1, { b: null }], ü: "ü" },
  "a list": [1, "two", null, [3]],
  "an empty list": [],
  "a number": -12.5,
  "a text": "größe 大",
  "an empty text": "",
  "a truth value": false,
  nothing: null,
};
for (const [kind, body] of Object.entries(BODIES))
  check(`a body that is ${kind} arrives so`, async (t) => assert.deepEqual((await there(t, { body })).body, body));

for (const [kind, bytes] of [["bytes", [0, 255, 128]], ["no bytes", []]])
  check(`a body of ${kind} arrives so`, async (t) => {
    const arrived = await there(t, { body: Buffer.from(bytes) }, { skipParsingBodyAsJson: true });
    assert.deepEqual([...arrived.body], bytes);
  });

const ANNOTATED = { data: Buffer.from("bytes"), value: { a: 1, b: ["x"] }, sequence: [[1, "two"]] };
for (const [bodyType, body] of Object.entries(ANNOTATED))
  check(`a ${bodyType} body keeps its header, annotations, properties and footer`, async (t) => {
    const message = {
      body, bodyType,
      header: { durable: true, priority: 7, timeToLive: 60_000, deliveryCount: 2 },
      messageAnnotations: { "x-mine": "kept" },
      footer: { sum: 3 },
      properties: {
        messageId: "m", to: "to", subject: "subject", replyTo: "reply", correlationId: "c",
        contentType: "type", contentEncoding: "encoding", creationTime: 1_700_000_000_000, groupId: "group", groupSequence: 5, replyToGroupId: "replies",
      },
      applicationProperties: { p: 1 },
    };
    const arrived = (await there(t, message, { skipParsingBodyAsJson: true })).getRawAmqpMessage();
    assert.equal(arrived.bodyType, bodyType);
    assert.deepEqual(bodyType === "value" ? arrived.body : arrived.body.content, body);
    for (const part of ["header", "footer", "applicationProperties"]) assert.deepEqual(arrived[part], message[part], part);
    // The client works out when the message expires.
    const absoluteExpiryTime = message.properties.creationTime + message.header.timeToLive;
    assert.deepEqual(arrived.properties, { ...message.properties, absoluteExpiryTime });
    assert.equal(arrived.messageAnnotations["x-mine"], "kept");
  });

check("the largest event that a batch takes is stored and read", async (t) => {
  const hub = await newHub();
  const sender = producer(t, hub);
  let size = LIMIT;
  let batch = await sender.createBatch();
  assert.equal(batch.maxSizeInBytes, LIMIT);
  while (!batch.tryAdd({ body: Buffer.alloc(size, 7) })) size -= 1;
  assert.ok(size > LIMIT - 300, `${size}`);
  await sender.sendBatch(batch);
  await sender.sendBatch([{ body: "behind" }]);
  const [largest, behind] = await readAll(t, hub, undefined, { skipParsingBodyAsJson: true });
  assert.equal(largest.body.length, size);
  assert.equal(behind.body.toString(), '"behind"');
});

check("an event over the limit is refused", async (t) => {
  const hub = await newHub();
  const error = await rejection(producer(t, hub).sendBatch([{ body: Buffer.alloc(LIMIT + 1) }]));
  assert.equal(error.code, "MessageTooLargeError");
  assert.equal((await partitionOf(hub)).count, 0);
});

check("a hub and its partitions tell what they hold", async (t) => {
  const began = Date.now();
  const hub = await newHub(3);
  const sender = producer(t, hub);
  const told = await sender.getEventHubProperties();
  assert.deepEqual([told.name, told.partitionIds], [hub.name, ["0", "1", "2"]]);
  assert.deepEqual(await sender.getPartitionIds(), ["0", "1", "2"]);
  assert.ok(told.createdOn >= began - 5 && told.createdOn <= Date.now() + 5);
  await sender.sendBatch(numbered(4), { partitionId: "1" });
  const [last] = (await readAll(t, hub, undefined, { partition: "1" })).slice(-1);
  const full = await sender.getPartitionProperties("1");
  assert.deepEqual(
    [full.partitionId, full.eventHubName, full.beginningSequenceNumber, full.lastEnqueuedSequenceNumber],
    ["1", hub.name, 0, 3],
  );
  assert.equal(full.lastEnqueuedOffset, last.offset);
  assert.deepEqual(full.lastEnqueuedOnUtc, last.enqueuedTimeUtc);
  const empty = await sender.getPartitionProperties("0");
  assert.deepEqual([empty.beginningSequenceNumber, empty.lastEnqueuedSequenceNumber], [-1, -1]);
});

check("a sender that may only send sees the partitions", async (t) => {
  const hub = await newHub(2);
  assert.deepEqual(await producer(t, hub, ONCE, "sender").getPartitionIds(), ["0", "1"]);
});
