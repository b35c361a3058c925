// TLS, WebSockets, and tokens of an identity instead of keys.
import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import assert from "node:assert/strict";
import WebSocket from "ws";
import { ONCE, check, closing, follow, local, newHub, reaching, refusal, rejection } from "./support.mjs";

const NAMESPACE = "sluice-eh.servicebus.windows.net";

const overTls = () => ({ retryOptions: ONCE, customEndpointAddress: `sb://localhost:${local.server.tls_port}` });
const overWebSockets = () => ({
  retryOptions: ONCE,
  customEndpointAddress: `sb://localhost:${local.server.websocket_port}`,
  webSocketOptions: { webSocket: WebSocket },
});

/** What App Service's identity endpoint gives an app, as a credential of the client. */
const identity = (name) => ({
  async getToken(scope) {
    const resource = encodeURIComponent(String(scope).replace(/\/\.default$/, ""));
    const headers = { "X-IDENTITY-HEADER": `secret-of-${name}` };
    const answer = await fetch(`${local.identity}?api-version=2019-08-01&resource=${resource}`, { headers });
    assert.equal(answer.status, 200);
    const told = await answer.json();
    return { token: told.access_token, expiresOnTimestamp: Number(told.expires_on) * 1000 };
  },
});

const keyed = (hub) => [
  `Endpoint=sb://${NAMESPACE}/;EntityPath=${hub.name};SharedAccessKeyName=all;SharedAccessKey=${local.keys.all}`,
];
const known = (name) => (hub) => [NAMESPACE, hub.name, identity(name)];

const sender = (t, who, options) => closing(t, new EventHubProducerClient(...who, options));
const reader = (t, who, options) => closing(t, new EventHubConsumerClient("$Default", ...who, options));

const WAYS = {
  "over TLS with a key": [keyed, overTls],
  "over WebSockets with a key": [keyed, overWebSockets],
  "over TLS with an identity": [known("control"), overTls],
  "over WebSockets with an identity": [known("control"), overWebSockets],
};

for (const [way, [who, options]] of Object.entries(WAYS)) {
  check(`events are sent and read ${way}`, async (t) => {
    const hub = await newHub();
    const large = "x".repeat(900_000);
    await sender(t, who(hub), options()).sendBatch([{ body: large }]);
    assert.equal((await reaching(follow(reader(t, who(hub), options())), 0))[0].body, large);
  });
}

check("an identity without a role on the hub can neither send nor read", async (t) => {
  const hub = await newHub();
  const nobody = known("nobody")(hub);
  assert.equal((await rejection(sender(t, nobody, overTls()).sendBatch([{ body: 1 }]))).code, "UnauthorizedError");
  assert.equal((await refusal(follow(reader(t, nobody, overTls())))).code, "UnauthorizedError");
});

check("an identity with a role to read cannot send", async (t) => {
  const hub = await newHub();
  const error = await rejection(sender(t, known("reader")(hub), overTls()).sendBatch([{ body: 1 }]));
  assert.equal(error.code, "UnauthorizedError");
  await sender(t, known("control")(hub), overTls()).sendBatch([{ body: 1 }]);
  await reaching(follow(reader(t, known("reader")(hub), overTls())), 0);
});

check("an identity of nobody is refused", async (t) => {
  const hub = await newHub();
  const error = await rejection(sender(t, known("trainer")(hub), overTls()).sendBatch([{ body: 1 }]));
  assert.equal(error.code, "UnauthorizedError");
});
