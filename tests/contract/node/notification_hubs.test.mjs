// The official JavaScript client against Notification Hubs. Run through tests/contract/notification_hubs/test_node.py,
// which starts the service and names it in NOTIFICATION_HUBS_CONNECTION_STRING, with an http endpoint.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import {
  NotificationHubsClient,
  createAppleInstallation,
  createAppleNotification,
  createFcmV1Installation,
  createFcmV1Notification,
  createTagExpression,
  createTemplateNotification,
} from "@azure/notification-hubs";

const connectionString = process.env.NOTIFICATION_HUBS_CONNECTION_STRING;
assert.ok(connectionString, "NOTIFICATION_HUBS_CONNECTION_STRING is not set");
const [, endpoint] = /Endpoint=([^;]+);/.exec(connectionString);

// Its pipeline refuses plain http unless it is told so for each request.
const options = { requestOptions: { allowInsecureConnection: true } };
const client = new NotificationHubsClient(connectionString, "node", { retryOptions: { maxRetries: 0 } });

/** What a device was sent, the newest first. */
async function received(installationId) {
  const response = await fetch(`${endpoint}/_devices?installation=${installationId}`);
  const { devices } = await response.json();
  return devices.flatMap((device) => device.notifications);
}

test("an installation is written, read, patched and deleted", async () => {
  const installationId = randomUUID();
  const installation = createFcmV1Installation({
    installationId,
    pushChannel: "token",
    userId: "ada",
    tags: ["kitchen", "paris"],
  });
  await client.createOrUpdateInstallation(installation, options);
  const read = await client.getInstallation(installationId, options);
  assert.equal(read.platform, "fcmv1");
  assert.deepEqual(read.tags, ["kitchen", "paris"]);
  assert.equal(read.expirationTime, "9999-12-31T23:59:59.9999999Z");
  await client.updateInstallation(
    installationId,
    [
      { op: "add", path: "/tags", value: "garden" },
      { op: "remove", path: "/tags/kitchen" },
      { op: "replace", path: "/userId", value: "bob" },
    ],
    options,
  );
  const patched = await client.getInstallation(installationId, options);
  assert.deepEqual([patched.tags, patched.userId], [["paris", "garden"], "bob"]);
  await client.deleteInstallation(installationId, options);
  await client.deleteInstallation(installationId, options);
  await assert.rejects(client.getInstallation(installationId, options), (error) => {
    assert.equal(error.statusCode, 404);
    assert.match(error.message, /operations failed with: Installation not found\.TrackingId:/);
    return true;
  });
});

test("a tag expression chooses who is sent to, and the platform's format counts", async () => {
  const tag = `t-${randomUUID()}`;
  const [android, other, apple] = [randomUUID(), randomUUID(), randomUUID()];
  const common = { pushChannel: "token" };
  await client.createOrUpdateInstallation(
    createFcmV1Installation({ ...common, installationId: android, tags: [tag] }),
    options,
  );
  await client.createOrUpdateInstallation(createFcmV1Installation({ ...common, installationId: other }), options);
  await client.createOrUpdateInstallation(
    createAppleInstallation({ ...common, installationId: apple, tags: [tag] }),
    options,
  );
  const notification = createFcmV1Notification({
    body: { message: { notification: { title: "Oven", body: "It is hot" }, android: { data: { card: "oven" } } } },
  });
  const tagExpression = createTagExpression(["nobody", tag]);
  const { notificationId, state } = await client.sendNotification(notification, { tagExpression, ...options });
  assert.equal(state, "Enqueued");
  const [shown, ...rest] = await received(android);
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [shown.title, shown.body, shown.outcome, shown.notificationId],
    ["Oven", "It is hot", "delivered", notificationId],
  );
  assert.deepEqual([await received(other), await received(apple)], [[], []]);
});

test("one device is sent to by its handle, with the headers of its platform", async () => {
  const installationId = randomUUID();
  const deviceHandle = `handle-${installationId}`;
  await client.createOrUpdateInstallation(
    createAppleInstallation({ installationId, pushChannel: deviceHandle }),
    options,
  );
  const notification = createAppleNotification({
    body: { aps: { alert: { title: "Door", body: "Someone is there" }, "interruption-level": "time-sensitive" } },
    headers: { "apns-collapse-id": "door", "apns-priority": "10", "apns-push-type": "alert" },
  });
  await client.sendNotification(notification, { deviceHandle, ...options });
  const [shown] = await received(installationId);
  assert.deepEqual([shown.title, shown.collapseId, shown.priority], ["Door", "door", "10"]);
});

test("what is not served, and what is wrong, is refused with the service's error", async () => {
  const template = createTemplateNotification({ body: { message: "x" } });
  await assert.rejects(client.sendNotification(template, { tagExpression: "a", ...options }), {
    statusCode: 400,
    message: /'template' is not served here/,
  });
  const large = createFcmV1Notification({ body: { message: { notification: { title: "x".repeat(5000) } } } });
  await assert.rejects(client.sendNotification(large, { tagExpression: "a", ...options }), { statusCode: 413 });
  const stranger = new NotificationHubsClient(connectionString.replace("SharedAccessKey=", "SharedAccessKey=no"), "node", {
    retryOptions: { maxRetries: 0 },
  });
  await assert.rejects(stranger.getInstallation("x", options), { statusCode: 401, message: /InvalidSignature/ });
});
