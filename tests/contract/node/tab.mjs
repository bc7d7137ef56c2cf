// A browser tab of one person, by the official JavaScript client: it reads the first card that comes, and says on
// standard output, a JSON document a line, what it was told. Run through tests/e2e/test_tabs.py, which gives the
// address of the API and the person's token in API and TOKEN; it ends with its standard input.

import { WebPubSubClient } from "@azure/web-pubsub-client";

async function ask(method, path, body) {
  const headers = { Authorization: `Bearer ${process.env.TOKEN}`, "Content-Type": "application/json" };
  const response = await fetch(process.env.API + path, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }
  return response.json();
}

function say(document) {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

let read = false;

async function received({ message }) {
  say(message.data);
  if (message.data.type === "alerts" && !read) {
    read = true;
    await ask("PATCH", `/alerts/${message.data.alerts[0].card}`, { read: true });
  }
}

const client = new WebPubSubClient({ getClientAccessUrl: async () => (await ask("POST", "/negotiate")).url });
client.on("server-message", received);
client.on("group-message", received);
await client.start();
say({ type: "connected" });
process.stdin.resume().on("end", () => process.exit());
