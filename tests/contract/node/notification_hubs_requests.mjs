// What the official JavaScript client sends: one request of each kind, to a server that records them. Run by
// tests/contract/notification_hubs_client/test_same_requests.py, which names the server in the first argument.

import {
  NotificationHubsClient,
  createAppleInstallation,
  createAppleNotification,
  createBrowserInstallation,
  createBrowserNotification,
  createFcmV1Notification,
  createTagExpression,
} from "@azure/notification-hubs";

const connection = `Endpoint=${process.argv[2]};SharedAccessKeyName=Send;SharedAccessKey=a/b=`;
const client = new NotificationHubsClient(connection, "belfry", { retryOptions: { maxRetries: 0 } });
const insecure = { requestOptions: { allowInsecureConnection: true } };
const subscription = { endpoint: "https://push.example/1", p256dh: "public", auth: "secret" };

await client.createOrUpdateInstallation(
  createAppleInstallation({ installationId: "1", pushChannel: "token", userId: "ada", tags: ["a", "b"] }),
  insecure,
);
await client.createOrUpdateInstallation(
  createBrowserInstallation({ installationId: "2", pushChannel: subscription }),
  insecure,
);
await client.getInstallation("1", insecure);
await client.updateInstallation(
  "1",
  [
    { op: "add", path: "/tags", value: "c" },
    { op: "remove", path: "/tags/a" },
  ],
  insecure,
);
await client.deleteInstallation("1", insecure);

const android = createFcmV1Notification({ body: { message: { notification: { title: "Grüße" } } } });
const apple = createAppleNotification({
  body: { aps: { alert: "Hello" } },
  headers: {
    "apns-push-type": "alert",
    "apns-priority": "10",
    "apns-collapse-id": "disk:db-1",
    "apns-expiration": "1795152345",
  },
});
const browser = createBrowserNotification({ body: { title: "Hello" }, headers: { TTL: "60", Urgency: "high", Topic: "disk" } });

await client.sendNotification(android, { tagExpression: createTagExpression(["a"]), ...insecure });
await client.sendNotification(apple, { tagExpression: "(a || b) && !c", ...insecure });
await client.sendBroadcastNotification(browser, insecure);
await client.sendNotification(apple, { deviceHandle: "token", ...insecure });
await client.sendNotification(browser, { deviceHandle: subscription, ...insecure });
