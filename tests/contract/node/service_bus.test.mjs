// @azure/service-bus, unmodified, against the service that SERVICE_BUS_CONNECTION_STRING names.
// Each test uses the queue contract-plain (or contract-locks) and leaves it empty.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ServiceBusClient } from "@azure/service-bus";

const connectionString = process.env.SERVICE_BUS_CONNECTION_STRING;
assert.ok(connectionString, "SERVICE_BUS_CONNECTION_STRING is not set");

const options = { retryOptions: { maxRetries: 0, timeoutInMs: 20_000 } };

/** @type {ServiceBusClient} */
let client;

before(() => {
  client = new ServiceBusClient(connectionString, options);
});

after(() => client.close());

async function receive(receiver, count) {
  const received = [];
  while (received.length < count) {
    const messages = await receiver.receiveMessages(count - received.length, { maxWaitTimeInMs: 20_000 });
    assert.notEqual(messages.length, 0, `${received.length} of ${count} messages came`);
    received.push(...messages);
  }
  return received;
}

test("a batch is received in order and completed", async () => {
  const sender = client.createSender("contract-plain");
  const receiver = client.createReceiver("contract-plain");
  const bodies = Array.from({ length: 60 }, (_, number) => ({ number }));
  await sender.sendMessages(bodies.map((body) => ({ body, applicationProperties: { kind: "batch" } })));
  const messages = await receive(receiver, 60);
  assert.deepEqual(messages.map((message) => message.body), bodies);
  assert.equal(messages[0].applicationProperties.kind, "batch");
  assert.ok(messages.every((message) => message.messageId), "every message has an id");
  assert.ok(Math.abs(messages[0].enqueuedTimeUtc - Date.now()) < 60_000);
  for (const message of messages) await receiver.completeMessage(message);
  assert.deepEqual(await receiver.peekMessages(1, { fromSequenceNumber: messages[0].sequenceNumber }), []);
  await sender.close();
  await receiver.close();
});

test("abandoning counts, defers wait, dead letters carry what they are given", async () => {
  const sender = client.createSender("contract-plain");
  const receiver = client.createReceiver("contract-plain");
  const deadLetters = client.createReceiver("contract-plain", { subQueueType: "deadLetter" });
  await sender.sendMessages({ body: "one", messageId: "one" });
  const [first] = await receive(receiver, 1);
  await receiver.abandonMessage(first, { seen: "once" });
  const [second] = await receive(receiver, 1);
  assert.equal(second.deliveryCount, first.deliveryCount + 1);
  assert.equal(second.applicationProperties.seen, "once");
  await receiver.deferMessage(second);
  const [deferred] = await receiver.receiveDeferredMessages(second.sequenceNumber);
  assert.equal(deferred.body, "one");
  await receiver.deadLetterMessage(deferred, {
    deadLetterReason: "why",
    deadLetterErrorDescription: "because",
    operator: "node",
  });
  const [dead] = await receive(deadLetters, 1);
  assert.equal(dead.deadLetterReason, "why");
  assert.equal(dead.deadLetterErrorDescription, "because");
  assert.equal(dead.applicationProperties.operator, "node");
  assert.ok(dead.sequenceNumber.equals(first.sequenceNumber));
  await deadLetters.completeMessage(dead);
  await Promise.all([sender.close(), receiver.close(), deadLetters.close()]);
});

test("scheduled messages come when they are due, unless they are cancelled", async () => {
  const sender = client.createSender("contract-plain");
  const receiver = client.createReceiver("contract-plain");
  const due = new Date(Date.now() + 1_000);
  const numbers = await sender.scheduleMessages([{ body: "due" }, { body: "cancelled" }], due);
  await sender.cancelScheduledMessages(numbers[1]);
  const [message] = await receive(receiver, 1);
  assert.equal(message.body, "due");
  assert.ok(message.enqueuedTimeUtc >= due);
  await receiver.completeMessage(message);
  await Promise.all([sender.close(), receiver.close()]);
});

test("a subscription receives with renewed locks and completes by itself", async () => {
  const sender = client.createSender("contract-locks");
  const receiver = client.createReceiver("contract-locks");
  let handled = 0;
  const { promise: done, resolve, reject } = withResolvers();
  const subscription = receiver.subscribe(
    {
      processMessage: async (message) => {
        handled += 1;
        assert.equal(message.deliveryCount, 0);
        if (message.body === "slow") await new Promise((wake) => setTimeout(wake, 7_000)); // longer than the lock
        if (message.body === "last") resolve();
      },
      processError: async ({ error }) => reject(error),
    },
    { maxConcurrentCalls: 1 },
  );
  await sender.sendMessages([{ body: "slow" }, { body: "last" }]);
  await done;
  await subscription.close();
  assert.equal(handled, 2);
  await Promise.all([sender.close(), receiver.close()]);
});

test("a large message goes through, a larger one is refused", async () => {
  const sender = client.createSender("contract-plain");
  const receiver = client.createReceiver("contract-plain");
  await sender.sendMessages({ body: Buffer.alloc(250_000, 7) });
  const [message] = await receive(receiver, 1);
  assert.equal(message.body.length, 250_000);
  await receiver.completeMessage(message);
  await assert.rejects(sender.sendMessages({ body: Buffer.alloc(270_000) }), { code: "MessageSizeExceeded" });
  await Promise.all([sender.close(), receiver.close()]);
});

test("an unknown queue and a wrong key are refused", async () => {
  const sender = client.createSender("nowhere");
  await assert.rejects(sender.sendMessages({ body: "lost" }), { code: "MessagingEntityNotFound" });
  const stranger = new ServiceBusClient(connectionString.replace("SharedAccessKey=", "SharedAccessKey=no"), options);
  await assert.rejects(stranger.createSender("contract-plain").sendMessages({ body: "forged" }), {
    code: "UnauthorizedAccess",
  });
  await stranger.close();
});

/** Promise.withResolvers, which Node 20 does not have yet. */
function withResolvers() {
  let resolve, reject;
  const promise = new Promise((first, second) => {
    [resolve, reject] = [first, second];
  });
  return { promise, resolve, reject };
}
