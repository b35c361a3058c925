// What is refused, and by which code the client knows it.
import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  ONCE, address, check, closing, consumer, follow, local, newHub, order, producer, reaching, refusal, rejection, until,
} from "./support.mjs";

/** A connection string with a signature for a part of the hub, as whoever holds the key hands it out. */
function signed(hub, path, seconds) {
  const resource = encodeURIComponent(`sb://127.0.0.1:${local.server.port}/${hub.name}${path}`);
  const expiry = Math.floor(Date.now() / 1000) + seconds;
  const signature = createHmac("sha256", local.keys.all).update(`${resource}\n${expiry}`).digest("base64");
  const token = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=all`;
  const place = `Endpoint=sb://127.0.0.1:${local.server.port};EntityPath=${hub.name};UseDevelopmentEmulator=true`;
  return `${place};SharedAccessSignature=${token}`;
}

const reader = (t, text) => closing(t, new EventHubConsumerClient("$Default", text, { retryOptions: ONCE }));
const sender = (t, text) => closing(t, new EventHubProducerClient(text, { retryOptions: ONCE }));
const one = [{ body: 1 }];

check("an unknown consumer group is not found", async (t) => {
  const hub = await newHub();
  const error = await refusal(follow(consumer(t, hub, ONCE, "all", "unknown")));
  assert.equal(error.code, "MessagingEntityNotFoundError");
  assert.match(error.message, /ConsumerGroups\/unknown/i);
});

check("an unknown hub is not found", async (t) => {
  const error = await rejection(producer(t, { name: "unknown" }).sendBatch(one));
  assert.equal(error.code, "MessagingEntityNotFoundError");
});

check("an unknown hub has no properties", async (t) => {
  const error = await rejection(producer(t, { name: "unknown" }).getEventHubProperties());
  assert.equal(error.code, "MessagingEntityNotFoundError");
});

check("a partition that is not there takes no event", async (t) => {
  const error = await rejection(producer(t, await newHub(2)).sendBatch(one, { partitionId: "2" }));
  assert.equal(error.code, "ArgumentOutOfRangeError");
});

check("a partition that is not there cannot be read", async (t) => {
  const error = await refusal(follow(consumer(t, await newHub(2)), undefined, { partition: "2" }));
  assert.equal(error.code, "ArgumentOutOfRangeError");
});

check("a partition that is not there has no properties", async (t) => {
  const error = await rejection(producer(t, await newHub(2)).getPartitionProperties("2"));
  assert.equal(error.code, "ArgumentOutOfRangeError");
});

check("a wrong key is refused", async (t) => {
  const hub = await newHub();
  const wrong = address(hub, "all", Buffer.from("another key").toString("base64"));
  assert.equal((await rejection(sender(t, wrong).sendBatch(one))).code, "UnauthorizedError");
});

check("an unknown key's name is refused", async (t) => {
  const hub = await newHub();
  assert.equal((await rejection(sender(t, address(hub, "nobody", "bm9ib2R5")).sendBatch(one))).code, "UnauthorizedError");
});

check("an expired signature is refused", async (t) => {
  const hub = await newHub();
  assert.equal((await rejection(sender(t, signed(hub, "", -60)).sendBatch(one))).code, "UnauthorizedError");
});

check("a signature that expires ends its links", async (t) => {
  const hub = await newHub();
  const follower = follow(reader(t, signed(hub, "", 3)));
  await producer(t, hub).sendBatch(one);
  await until(() => follower.errors.length, "the reader is told");
  assert.equal(follower.events.length, 1);
  assert.equal(follower.errors[0].code, "UnauthorizedError");
});

check("a key that may only read cannot send", async (t) => {
  const hub = await newHub();
  assert.equal((await rejection(producer(t, hub, ONCE, "listener").sendBatch(one))).code, "UnauthorizedError");
});

check("a key that may only send cannot read", async (t) => {
  const hub = await newHub();
  await producer(t, hub, ONCE, "sender").sendBatch(one);
  assert.equal((await refusal(follow(consumer(t, hub, ONCE, "sender")))).code, "UnauthorizedError");
});

check("a signature for one partition is good for that partition", async (t) => {
  const hub = await newHub(2);
  await sender(t, signed(hub, "/Partitions/1", 600)).sendBatch(one, { partitionId: "1" });
  await reaching(follow(consumer(t, hub), undefined, { partition: "1" }), 0);
});

check("a signature for one partition is not good for another", async (t) => {
  const hub = await newHub(2);
  const error = await rejection(sender(t, signed(hub, "/Partitions/1", 600)).sendBatch(one, { partitionId: "0" }));
  assert.equal(error.code, "UnauthorizedError");
});

check("a signature for one group is not good for another", async (t) => {
  const hub = await newHub(1, ["other"]);
  const error = await refusal(follow(reader(t, signed(hub, "/ConsumerGroups/other", 600))));
  assert.equal(error.code, "UnauthorizedError");
});

check("an offset of another life of the hub is refused, also while it is empty", async (t) => {
  const hub = await newHub();
  await producer(t, hub).sendBatch(one);
  const [event] = await reaching(follow(consumer(t, hub)), 0);
  await order({ recreate: { hub: hub.name } });
  const error = await refusal(follow(consumer(t, hub), { offset: event.offset }));
  assert.equal(error.code, "ArgumentError");
});

check("a sequence number of another life of the hub is refused, also while it is empty", async (t) => {
  const hub = await newHub();
  await producer(t, hub).sendBatch(one);
  await order({ recreate: { hub: hub.name } });
  const error = await refusal(follow(consumer(t, hub), { sequenceNumber: 0 }));
  assert.equal(error.code, "ArgumentError");
});

check("a position beyond the last event is refused", async (t) => {
  const hub = await newHub();
  await producer(t, hub).sendBatch(one);
  assert.equal((await refusal(follow(consumer(t, hub), { sequenceNumber: 9 }))).code, "ArgumentError");
});
