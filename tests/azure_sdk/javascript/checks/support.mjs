// What every check has: the server's addresses, a hub of its own, a reader that can be waited for.
import {
  EventHubBufferedProducerClient,
  EventHubConsumerClient,
  EventHubProducerClient,
} from "@azure/event-hubs";
import { BlobCheckpointStore } from "@azure/eventhubs-checkpointstore-blob";
import { ContainerClient } from "@azure/storage-blob";
import assert from "node:assert/strict";

export const local = JSON.parse(process.env.SLUICE_LOCAL_AZURE);
// Only a failing check waits to its end.
export const PATIENCE_MS = local.patience_s * 1000;
// Not the earliest position, so that a server which is wrong about that fails the check of that.
export const FIRST = { enqueuedOn: 0 };
export const ONCE = { maxRetries: 0, timeoutInMs: PATIENCE_MS };
export const AGAIN = { maxRetries: 10, retryDelayInMs: 50, maxRetryDelayInMs: 50, timeoutInMs: PATIENCE_MS };
const LOOK_EVERY_MS = 20;

export const checks = [];

/** One claim about the server; `run` gets the test's context. */
export function check(claim, run) {
  checks.push({ claim, run });
}

/** Wait until `test` returns something truthy, and return that. */
export async function until(test, what) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await test();
    if (answer) return answer;
    if (Date.now() > deadline) assert.fail(`waited in vain: ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Ask the administration of a server. */
export async function admin(method, path, body) {
  const answer = await fetch(local.server.admin + path, { method, body: body && JSON.stringify(body) });
  const told = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${JSON.stringify(told)}`);
  return told;
}

export const order = (faults) => admin("POST", "/admin/faults", faults);

let made = 0;

/** A hub that no other check uses. */
export async function newHub(partitions = 1, groups = []) {
  const name = `js-${process.pid}-${(made += 1)}`;
  await admin("PUT", "/admin/hubs", { name, partitions, groups });
  return { name };
}

/** What the server itself says of a partition. */
export async function partitionOf(hub, id = "0") {
  const hubs = await admin("GET", "/admin/hubs");
  return hubs[hub.name][Number(id)];
}

/** A connection string; `key` is the name of one of the server's keys. */
export function address(hub, key = "all", secret = local.keys[key]) {
  const place = `Endpoint=sb://127.0.0.1:${local.server.port};EntityPath=${hub.name};UseDevelopmentEmulator=true`;
  return `${place};SharedAccessKeyName=${key};SharedAccessKey=${secret}`;
}

/** A client that is closed with the check, whatever becomes of it. */
export function closing(t, client) {
  t.after(() => client.close({ flush: false }).catch(() => undefined));
  return client;
}

export const producer = (t, hub, retryOptions = ONCE, key = "all") =>
  closing(t, new EventHubProducerClient(address(hub, key), { retryOptions }));

export const consumer = (t, hub, retryOptions = ONCE, key = "all", group = "$Default") =>
  closing(t, new EventHubConsumerClient(group, address(hub, key), { retryOptions }));

/** A container that no other check uses. */
export async function newContainer() {
  const container = new ContainerClient(local.storage, `js-${process.pid}-${(made += 1)}`);
  await container.create();
  return container;
}

/** A consumer that goes on behind its checkpoints, also after it gave up. */
export async function resuming(t, hub) {
  const options = { retryOptions: AGAIN, loadBalancingOptions: { updateIntervalInMs: 200 } };
  const store = new BlobCheckpointStore(await newContainer());
  return closing(t, new EventHubConsumerClient("$Default", address(hub), store, options));
}

export const buffered = (t, hub, failed) =>
  closing(
    t,
    new EventHubBufferedProducerClient(address(hub), {
      retryOptions: AGAIN,
      maxWaitTimeInMs: 20,
      onSendEventsErrorHandler: async ({ error }) => failed.push(error),
    }),
  );

/**
 * Follow a partition: `events` as they come, `errors`, `turns` (also those that brought nothing), `why` it was closed.
 * A client that gave up begins again where it began, or behind its last checkpoint if it keeps them (`checkpoints`).
 */
export function follow(client, position = FIRST, { partition = "0", checkpoints, ...options } = {}) {
  const seen = { events: [], errors: [], turns: 0, why: undefined, last: undefined };
  const handlers = {
    processEvents: async (events, context) => {
      seen.turns += 1;
      seen.events.push(...events);
      seen.last = context.lastEnqueuedEventProperties;
      if (checkpoints && events.length) await context.updateCheckpoint(events.at(-1));
    },
    processError: async (error) => void seen.errors.push(error),
    processClose: async (reason) => void (seen.why = reason),
  };
  const limits = { maxBatchSize: 500, maxWaitTimeInSeconds: 1 };
  const subscription = client.subscribe(partition, handlers, { ...limits, ...options, startPosition: position });
  return Object.assign(seen, { stop: () => subscription.close() });
}

const words = (errors) => errors.map((error) => `${error.code}: ${error.message}`).join("; ");

/** The follower, once it has come to the event of this sequence number. */
export async function reaching(reader, sequence) {
  const told = () => `event ${sequence}; ${reader.events.length} came; ${words(reader.errors)}`;
  await until(() => reader.errors.length || reader.events.at(-1)?.sequenceNumber >= sequence, told);
  assert.deepEqual(words(reader.errors), "");
  return reader.events;
}

/** All events of a partition from a position on, up to what is its last one now. */
export async function readAll(t, hub, position = FIRST, options = {}) {
  const { last_sequence: last } = await partitionOf(hub, options.partition);
  if (last < 0) return [];
  const reader = follow(consumer(t, hub, AGAIN), position, options);
  const events = await reaching(reader, last);
  await reader.stop();
  return events;
}

/** Why a partition may not be read; fails as soon as it can be. */
export async function refusal(reader) {
  await until(() => reader.errors.length || reader.turns, "neither refused nor read");
  assert.ok(reader.errors.length, `read ${reader.events.length} events, where a refusal was due`);
  return reader.errors[0];
}

/** What a promise is rejected with; retries of one and the same error count as it. */
export async function rejection(promise) {
  const error = await promise.then(
    () => assert.fail("done, where a refusal was due"),
    (reason) => reason,
  );
  return error instanceof AggregateError ? error.errors.at(-1) : error;
}

/** Wait until so many readers are attached to a partition. */
export const readers = (hub, count) =>
  until(async () => (await partitionOf(hub)).receivers.length === count, `${count} readers`);

export const numbered = (count, from = 0) => Array.from({ length: count }, (_, at) => ({ body: from + at }));
export const bodies = (events) => events.map((event) => event.body);

/** Ids sent and not read, and those read more than once. */
export function compare(sent, read) {
  const times = new Map();
  for (const id of read) times.set(id, (times.get(id) ?? 0) + 1);
  return { lost: sent.filter((id) => !times.has(id)), doubled: [...times].filter(([, n]) => n > 1).map(([id]) => id) };
}
