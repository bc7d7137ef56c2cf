// The official JavaScript client against Web PubSub. Run through tests/contract/web_pubsub/test_node.py, which starts
// the service and names it in WEB_PUBSUB_CONNECTION_STRING.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";

import { WebPubSubClient, WebPubSubJsonProtocol } from "@azure/web-pubsub-client";

const [, endpoint, key] = /Endpoint=([^;]+);AccessKey=([^;]+)/.exec(process.env.WEB_PUBSUB_CONNECTION_STRING);
const hub = `node_${randomUUID().replaceAll("-", "")}`;
const running = [];

after(() => running.forEach((client) => client.stop()));

function encoded(value) {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** A client URL, signed with the access key. */
function clientUrl(base, user, claims) {
  const audience = `${base}/client/hubs/${hub}`;
  const expires = Math.floor(Date.now() / 1000) + 600;
  const content = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ aud: audience, exp: expires, sub: user, ...claims })}`;
  const signature = createHmac("sha256", key).update(content).digest("base64url");
  return `${audience.replace(/^http/, "ws")}?access_token=${content}.${signature}`;
}

// Its keep-alive timers go on after a stop, and would keep this process waiting.
const quiet = { keepAliveIntervalInMs: 0, keepAliveTimeoutInMs: 0 };

/** A started client, what it was sent, and how often it connected anew. */
async function started(base, user, claims, options) {
  const url = async () => clientUrl(base, user, claims);
  const client = new WebPubSubClient({ getClientAccessUrl: url }, { ...quiet, ...options });
  const state = { client, messages: [], connections: [], stops: [] };
  client.on("connected", (event) => state.connections.push(event.connectionId));
  client.on("group-message", (event) => state.messages.push(event.message.data));
  client.on("disconnected", (event) => state.stops.push(event.message?.message));
  running.push(client);
  await client.start();
  return state;
}

/** Resolves once the condition holds; the test runner's timeout is the deadline. */
async function until(condition) {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A TCP relay that can be cut and mended. */
async function relay(t) {
  const target = new URL(endpoint);
  const sockets = new Set();
  let down = false;
  const server = net.createServer((near) => {
    if (down) {
      near.destroy();
      return;
    }
    const far = net.connect(Number(target.port), target.hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      down = true;
      sockets.forEach((socket) => socket.destroy());
    },
    mend() {
      down = false;
    },
  };
}

const mayAll = { role: ["webpubsub.joinLeaveGroup", "webpubsub.sendToGroup"] };

for (const [name, options] of [
  ["reliable", {}],
  ["plain", { protocol: WebPubSubJsonProtocol() }],
]) {
  test(`a ${name} client joins, publishes and receives`, { timeout: 20_000 }, async () => {
    const group = `group-${name}`;
    const ada = await started(endpoint, "ada", mayAll, options);
    const bob = await started(endpoint, "bob", { "webpubsub.group": [group] }, options);
    await ada.client.joinGroup(group);
    await ada.client.sendToGroup(group, { hello: "world" }, "json");
    await ada.client.sendToGroup(group, "only bob", "text", { noEcho: true });
    await ada.client.sendToGroup(group, new Uint8Array([0, 255]).buffer, "binary");
    await until(() => bob.messages.length === 3 && ada.messages.length === 2);
    assert.deepEqual(bob.messages.slice(0, 2), [{ hello: "world" }, "only bob"]);
    assert.deepEqual([...new Uint8Array(bob.messages[2])], [0, 255]);
    assert.deepEqual(ada.messages[0], { hello: "world" });
  });
}

test("a client without a role is told that it may not", { timeout: 20_000 }, async () => {
  const eve = await started(endpoint, "eve", {}, { messageRetryOptions: { maxRetries: 0 } });
  await assert.rejects(eve.client.sendToGroup("group", "x", "text"), (error) => error.errorDetail.name === "Forbidden");
});

test("a reliable client survives a broken network", { timeout: 20_000 }, async (t) => {
  const network = await relay(t);
  const publisher = await started(endpoint, "publisher", mayAll);
  const ada = await started(network.url, "ada", { "webpubsub.group": ["alerts"] });
  await publisher.client.sendToGroup("alerts", "1", "text");
  await until(() => ada.messages.length === 1);
  network.cut();
  await publisher.client.sendToGroup("alerts", "2", "text");
  await publisher.client.sendToGroup("alerts", "3", "text");
  network.mend();
  await until(() => ada.messages.length === 3);
  await publisher.client.sendToGroup("alerts", "4", "text");
  await until(() => ada.messages.length === 4);
  assert.deepEqual(ada.messages, ["1", "2", "3", "4"]);
  assert.equal(ada.connections.length, 1);
  assert.deepEqual(ada.stops, []);
});
