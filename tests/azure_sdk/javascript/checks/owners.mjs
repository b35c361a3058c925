// Who may read a partition beside whom.
import assert from "node:assert/strict";
import { FIRST, check, consumer, follow, newHub, producer, reaching, readers, refusal, until } from "./support.mjs";

check("a higher owner level disconnects the lower one", async (t) => {
  const hub = await newHub();
  const lower = follow(consumer(t, hub), FIRST, { ownerLevel: 1 });
  await readers(hub, 1);
  const higher = follow(consumer(t, hub), FIRST, { ownerLevel: 2 });
  await until(() => lower.errors.length, "the lower one is told");
  assert.equal(lower.errors[0].code, "ReceiverDisconnectedError");
  await until(() => lower.why, "the lower one is closed");
  assert.equal(lower.why, "OwnershipLost");
  await producer(t, hub).sendBatch([{ body: 1 }]);
  await reaching(higher, 0);
  assert.equal(lower.events.length, 0);
});

check("an equal owner level disconnects the one before", async (t) => {
  const hub = await newHub();
  const earlier = follow(consumer(t, hub), FIRST, { ownerLevel: 1 });
  await readers(hub, 1);
  const later = follow(consumer(t, hub), FIRST, { ownerLevel: 1 });
  await until(() => earlier.errors.length || later.errors.length, "the earlier one is told");
  assert.equal(later.errors.length, 0);
  assert.equal(earlier.errors[0].code, "ReceiverDisconnectedError");
});

check("a lower owner level is refused while a higher one reads", async (t) => {
  const hub = await newHub();
  follow(consumer(t, hub), FIRST, { ownerLevel: 5 });
  await readers(hub, 1);
  const lower = await refusal(follow(consumer(t, hub), FIRST, { ownerLevel: 4 }));
  assert.equal(lower.code, "ReceiverDisconnectedError");
});

check("a reader without a level is refused while one with a level reads", async (t) => {
  const hub = await newHub();
  follow(consumer(t, hub), FIRST, { ownerLevel: 1 });
  await readers(hub, 1);
  assert.equal((await refusal(follow(consumer(t, hub)))).code, "ReceiverDisconnectedError");
});

check("a group has an owner of its own", async (t) => {
  const hub = await newHub(1, ["other"]);
  const first = follow(consumer(t, hub), FIRST, { ownerLevel: 1 });
  await readers(hub, 1);
  const second = follow(consumer(t, hub, undefined, "all", "other"), FIRST, { ownerLevel: 1 });
  await readers(hub, 2);
  await producer(t, hub).sendBatch([{ body: 1 }]);
  await Promise.all([reaching(first, 0), reaching(second, 0)]);
});

check("a sixth reader of a group and partition is refused until one of them leaves", async (t) => {
  const hub = await newHub();
  const five = Array.from({ length: 5 }, () => follow(consumer(t, hub)));
  await readers(hub, 5);
  assert.equal((await refusal(follow(consumer(t, hub)))).code, "QuotaExceededError");
  await five[0].stop();
  await readers(hub, 4);
  const next = follow(consumer(t, hub));
  await until(() => next.turns || next.errors.length, "the sixth comes in");
  assert.equal(next.errors.length, 0);
});
