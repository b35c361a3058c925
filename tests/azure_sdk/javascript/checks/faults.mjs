// What a client lives through: broken connections, detached links, a busy server, a hub made anew.
import assert from "node:assert/strict";
import {
  AGAIN, FIRST, admin, bodies, check, compare, consumer, follow, newHub, numbered, order, partitionOf, producer,
  reaching, readAll, readers, rejection, resuming, until,
} from "./support.mjs";

const EVENTS = 300;
const BREAK_EVERY = 100;

// The client does not notice that a send went down with its link or connection: it waits this long before it sends again.
const IMPATIENT = { ...AGAIN, timeoutInMs: 4000 };
// What it is asked for while its connection ends it may give up with these words, before anything is sent.
const GIVEN_UP = /Failed to connect|EPIPE|ECONNRESET/;

async function send(sender, events) {
  for (;;) {
    const error = await sender.sendBatch(events).then(() => null, (reason) => reason);
    if (!error) return;
    if (!GIVEN_UP.test(error.message)) throw error;
  }
}

const BREAKS = {
  "connections that break": (hub) => order({ drop_connections: { hub: hub.name } }),
  "connections that the server ends": (hub) =>
    order({ close_connections: { hub: hub.name, condition: "amqp:connection:forced" } }),
};

for (const [what, breakThem] of Object.entries(BREAKS)) {
  check(`${what} lose no event that is sent`, async (t) => {
    const hub = await newHub();
    const sender = producer(t, hub, IMPATIENT);
    let breaks = 0;
    for (const event of numbered(EVENTS)) {
      const sending = send(sender, [event]);
      if (event.body % BREAK_EVERY === 30) {
        breaks += 1;
        await breakThem(hub);
      }
      await sending;
    }
    const { lost, doubled } = compare(bodies(numbered(EVENTS)), bodies(await readAll(t, hub)));
    t.note(`${EVENTS} sent through ${breaks} breaks: ${lost.length} lost, ${doubled.length} doubled`);
    assert.deepEqual(lost, []);
    // Sent again is what was stored when its answer was lost: of a sender that waits, one for each break at most.
    assert.ok(doubled.length <= breaks, `doubled: ${doubled}`);
  });

  check(`${what} lose and double no event that is read`, async (t) => {
    const hub = await newHub();
    const reader = follow(await resuming(t, hub), FIRST, { maxBatchSize: 20, checkpoints: true });
    for (let at = 0; at < EVENTS; at += BREAK_EVERY) {
      await send(producer(t, hub), numbered(BREAK_EVERY, at));
      await until(() => reader.events.length > at, "some of it is read");
      await breakThem(hub);
    }
    const { last_sequence: last } = await partitionOf(hub);
    await until(() => reader.events.at(-1)?.sequenceNumber >= last, "all of it is read");
    const numbers = reader.events.map((event) => event.sequenceNumber);
    const told = reader.errors.map((error) => `${error.code} ${error.message}`);
    const { lost, doubled } = compare(Array.from({ length: last + 1 }, (_, at) => at), numbers);
    assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] }, `told of ${told}; ${numbers}`);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  });
}

// As the client's own table has them: after these it tries again, after the others it gives up.
const PASSING = {
  "amqp:link:detach-forced": "DetachForcedError",
  "amqp:connection:forced": "ConnectionForcedError",
  "amqp:internal-error": "InternalServerError",
  "amqp:unauthorized-access": "UnauthorizedError",
  "com.microsoft:server-busy": "ServerBusyError",
  "com.microsoft:operation-cancelled": "OperationCancelledError",
  "com.microsoft:timeout": "ServiceUnavailableError",
};
const FINAL = {
  "amqp:link:stolen": "ReceiverDisconnectedError",
  "amqp:not-found": "MessagingEntityNotFoundError",
  "amqp:resource-deleted": "ResourceDeletedError",
  "amqp:resource-limit-exceeded": "QuotaExceededError",
  "amqp:resource-locked": "ResourceLockedError",
  "amqp:not-allowed": "InvalidOperationError",
  "amqp:illegal-state": "IllegalStateError",
  "com.microsoft:entity-disabled": "MessagingEntityDisabledError",
  "com.microsoft:publisher-revoked": "PublisherRevokedError",
  "com.microsoft:argument-error": "ArgumentError",
  "com.microsoft:argument-out-of-range": "ArgumentOutOfRangeError",
};

const detach = (hub, condition, links) => order({ detach: { hub: hub.name, condition, links } });

for (const [condition, code] of Object.entries(PASSING)) {
  check(`a reader is detached with ${condition}, is told, and goes on`, async (t) => {
    const hub = await newHub();
    const sender = producer(t, hub);
    await sender.sendBatch(numbered(10));
    // Without retries each error is told; the reader goes on all the same, since this one passes.
    const reader = follow(consumer(t, hub));
    await until(() => reader.events.length === 10, "the first ten");
    await readers(hub, 1);
    await detach(hub, condition, "consumers");
    await until(() => reader.errors.length, "the reader is told");
    assert.equal(reader.errors[0].code, code);
    await sender.sendBatch(numbered(10, 10));
    await until(() => reader.events.length >= 20, "the second ten");
    assert.deepEqual(bodies(reader.events), bodies(numbered(20)));
    assert.equal(reader.why, undefined);
  });
}

for (const [condition, code] of Object.entries(FINAL)) {
  check(`a reader is detached with ${condition}, is told, and ends`, async (t) => {
    const hub = await newHub();
    await producer(t, hub).sendBatch(numbered(1));
    const reader = follow(consumer(t, hub, AGAIN));
    await until(() => reader.events.length, "the first event");
    await detach(hub, condition, "consumers");
    await until(() => reader.why, "the reader ends");
    assert.deepEqual(reader.errors.map((error) => error.code), [code]);
  });
}

for (const condition of [...Object.keys(PASSING), ...Object.keys(FINAL)]) {
  check(`a sender that is idle is detached with ${condition}, and sends on`, async (t) => {
    const hub = await newHub();
    const sender = producer(t, hub, IMPATIENT);
    await sender.sendBatch(numbered(1));
    await detach(hub, condition, "producers");
    await sender.sendBatch(numbered(1, 1));
    assert.deepEqual(bodies(await readAll(t, hub)), [0, 1]);
  });
}

check("a busy server is tried again until it has time", async (t) => {
  const hub = await newHub();
  await order({ server_busy: { hub: hub.name, sends: 3 } });
  await producer(t, hub, AGAIN).sendBatch(numbered(1));
  assert.deepEqual(bodies(await readAll(t, hub)), [0]);
});

check("a busy server says so, and stores nothing", async (t) => {
  const hub = await newHub();
  await order({ server_busy: { hub: hub.name, sends: 1 } });
  const sender = producer(t, hub);
  assert.equal((await rejection(sender.sendBatch(numbered(1)))).code, "ServerBusyError");
  await sender.sendBatch(numbered(1, 1));
  assert.deepEqual(bodies(await readAll(t, hub)), [1]);
});

check("a hub that is deleted ends its readers and is found no more", async (t) => {
  const hub = await newHub();
  const reader = follow(consumer(t, hub));
  await readers(hub, 1);
  await admin("DELETE", "/admin/hubs", { name: hub.name });
  await until(() => reader.why, "the reader ends");
  assert.deepEqual(reader.errors.map((error) => error.code), ["ResourceDeletedError"]);
  const error = await rejection(producer(t, hub).sendBatch(numbered(1)));
  assert.equal(error.code, "MessagingEntityNotFoundError");
});

check("events that retention took are passed over, and the reader begins with what is left", async (t) => {
  const hub = await newHub();
  const sender = producer(t, hub);
  await sender.sendBatch(numbered(5));
  await order({ forget: { hub: hub.name } });
  await sender.sendBatch(numbered(5, 5));
  assert.deepEqual(bodies(await reaching(follow(consumer(t, hub), { sequenceNumber: 1 }), 9)), [5, 6, 7, 8, 9]);
});
