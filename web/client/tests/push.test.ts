import { beforeEach, describe, expect, test } from "vitest";
import type { Api, Method, RequestOptions } from "../src/api.ts";
import { BelfryError } from "../src/errors.ts";
import type { PushBrowser } from "../src/push-browser.ts";
import { DevicePush } from "../src/push.ts";
import { decode } from "../src/worker/notification.ts";
import { eventually } from "./eventually.ts";

const DAY = 86_400_000;
const KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const OTHER_KEY = KEY.replace("BCVx", "BDVx");

/** The devices of one server, by person and id; who asks is `person`. */
class Server {
  key: string | null | undefined = KEY;
  readonly devices = new Map<string, Map<string, string>>();
  readonly asked: string[] = [];
  problem: BelfryError | null = null;

  as(person: string): Pick<Api, "request"> {
    const devices = new Map<string, string>();
    this.devices.set(person, this.devices.get(person) ?? devices);
    return {
      request: async <T>(...request: [Method, string, RequestOptions?]) =>
        (await this.#answer(person, ...request)) as T,
    };
  }

  endpoints(person: string): string[] {
    return [...(this.devices.get(person)?.values() ?? [])];
  }

  async #answer(
    person: string,
    method: Method,
    path: string,
    options: RequestOptions = {},
  ): Promise<unknown> {
    await Promise.resolve();
    const devices = this.devices.get(person) ?? new Map<string, string>();
    const installation = path.replace(/^\/devices\/?/, "");
    this.asked.push(`${method} ${path.replace(installation, installation && "*")}`);
    if (this.problem) {
      throw this.problem;
    }
    if (method === "PUT") {
      const { pushChannel } = options.body as {
        pushChannel: { endpoint: string; p256dh: string; auth: string };
      };
      expect(options.body).toEqual({
        platform: "browser",
        pushChannel: { ...pushChannel, p256dh: "p", auth: "a" },
      });
      devices.set(installation, pushChannel.endpoint);
    } else if (method === "DELETE") {
      devices.delete(installation);
    }
    const known = Array.from(devices.keys(), (each) => ({ installation: each }));
    return method === "GET" ? { devices: known, applicationServerKey: this.key } : undefined;
  }
}

/** A browser with an app's service worker: what tabs share, and what a person decides. */
class FakeBrowser implements PushBrowser {
  canPush = true;
  permission: NotificationPermission = "default";
  answer: NotificationPermission = "granted";
  hasWorker = true;
  /** Endpoint and key of the one subscription that there can be. */
  subscribed: { readonly endpoint: string; readonly key: string } | null = null;
  shown: { readonly tag: string; readonly data: unknown }[] = [];
  time = 1_000 * DAY;
  readonly counted: unknown[] = [];
  readonly badging = {
    setAppBadge: (count?: number): Promise<void> => {
      this.counted.push(count);
      return Promise.resolve();
    },
  };
  #count = 0;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #kept = new Map<string, string>();
  readonly #listeners = { permission: new Set<() => void>(), kept: new Set<() => void>() };
  readonly #ready = new Set<() => void>();
  readonly #worker = new Set<(event: MessageEvent<unknown>) => void>();

  async askPermission(): Promise<NotificationPermission> {
    await Promise.resolve();
    return (this.permission = this.permission === "default" ? this.answer : this.permission);
  }
  onPermission(listener: () => void): () => void {
    this.#listeners.permission.add(listener);
    return () => this.#listeners.permission.delete(listener);
  }
  kept(name: string): string | null {
    return this.#kept.get(name) ?? null;
  }
  keep(name: string, value: string | null): void {
    if (value === null) {
      this.#kept.delete(name);
    } else {
      this.#kept.set(name, value);
    }
    this.#listeners.kept.forEach((listener) => {
      queueMicrotask(listener);
    });
  }
  onKept(listener: () => void): () => void {
    this.#listeners.kept.add(listener);
    return () => this.#listeners.kept.delete(listener);
  }
  onWorker(listener: () => void): () => void {
    this.#ready.add(listener);
    return () => this.#ready.delete(listener);
  }
  installWorker(): void {
    this.hasWorker = true;
    this.#ready.forEach((listener) => {
      listener();
    });
  }
  onWorkerMessage(listener: (event: MessageEvent<unknown>) => void): () => void {
    this.#worker.add(listener);
    return () => this.#worker.delete(listener);
  }
  /** Who has a tab open. */
  readonly here = new Set<string>();
  isHere(account: string): Promise<boolean> {
    return Promise.resolve(this.here.has(account));
  }
  exclusively(_name: string, work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
  now(): number {
    return this.time;
  }
  newId(): string {
    return `id-${++this.#count}`;
  }

  decide(permission: NotificationPermission): void {
    this.permission = permission;
    if (permission !== "granted") {
      this.subscribed = null;
    }
    this.#listeners.permission.forEach((listener) => {
      listener();
    });
  }
  say(data: unknown): void {
    this.#worker.forEach((listener) => {
      listener({ data } as MessageEvent<unknown>);
    });
  }
  /** The push service gives out another subscription, as browsers do from time to time. */
  renewSubscription(): void {
    this.subscribed = { endpoint: `https://push.example/${++this.#count}`, key: this.subscribed?.key ?? KEY };
  }

  async registration(): Promise<ServiceWorkerRegistration | null> {
    await Promise.resolve();
    const close = (tag: string) => () => {
      this.shown = this.shown.filter((each) => each.tag !== tag);
    };
    const registration = {
      getNotifications: () =>
        Promise.resolve(this.shown.map((each) => ({ ...each, close: close(each.tag) }))),
      pushManager: {
        getSubscription: () => Promise.resolve(this.#subscription()),
        subscribe: (options: { userVisibleOnly: boolean; applicationServerKey: string }) => {
          expect(options.userVisibleOnly).toBe(true);
          if (this.subscribed || this.permission !== "granted") {
            return Promise.reject(
              new DOMException("subscribed with another key, or not allowed", "InvalidStateError"),
            );
          }
          this.subscribed = {
            endpoint: `https://push.example/${++this.#count}`,
            key: options.applicationServerKey,
          };
          return Promise.resolve(this.#subscription());
        },
      },
    };
    return this.hasWorker ? (registration as unknown as ServiceWorkerRegistration) : null;
  }

  #subscription(): PushSubscription | null {
    const { subscribed } = this;
    return (
      subscribed &&
      ({
        endpoint: subscribed.endpoint,
        options: { applicationServerKey: Uint8Array.from(Buffer.from(subscribed.key, "base64url")).buffer },
        toJSON: () => ({ endpoint: subscribed.endpoint, keys: { p256dh: "p", auth: "a" } }),
        unsubscribe: () => {
          this.subscribed = null;
          return Promise.resolve(true);
        },
      } as unknown as PushSubscription)
    );
  }
}

let server: Server;
let browser: FakeBrowser;

beforeEach(() => {
  server = new Server();
  browser = new FakeBrowser();
});

async function arrive(person = "ada"): Promise<DevicePush> {
  const push = new DevicePush({ api: server.as(person), browser });
  await push.start(person);
  return push;
}

async function arriveWithPushes(person = "ada"): Promise<DevicePush> {
  const push = await arrive(person);
  await push.enable();
  server.asked.length = 0;
  return push;
}

/** Of the browser's subscription. */
function endpoint(): string | undefined {
  return browser.subscribed?.endpoint;
}

function problem(status: number, code: string): BelfryError {
  return new BelfryError({ status, code, detail: "" });
}

describe("the switch", () => {
  test("it is off until the person turns it on; then the server has this browser's subscription", async () => {
    const push = await arrive();
    const told: string[] = [];
    push.observe((state) => told.push(state));
    expect([push.state, browser.permission, browser.subscribed]).toEqual(["off", "default", null]);
    await push.enable();
    expect([push.state, told]).toEqual(["on", ["on"]]);
    expect(server.endpoints("ada")).toEqual([endpoint()]);
    expect(browser.subscribed?.key).toBe(KEY);
  });

  test("turned off, neither the browser nor the server knows of it", async () => {
    const push = await arriveWithPushes();
    await push.disable();
    expect([push.state, browser.subscribed, server.endpoints("ada")]).toEqual(["off", null, []]);
  });

  test("turned off without a network, nothing is pushed here all the same", async () => {
    const push = await arriveWithPushes();
    server.problem = problem(0, "unreachable");
    await expect(push.disable()).rejects.toThrow(BelfryError);
    expect([push.state, browser.subscribed]).toEqual(["off", null]);
  });

  test("what the server refuses stays off, and leaves no subscription behind", async () => {
    const push = await arrive();
    server.problem = problem(409, "too-many-tags");
    await expect(push.enable()).rejects.toMatchObject({ code: "too-many-tags" });
    expect([push.state, browser.subscribed]).toEqual(["off", null]);
  });

  test("a person who forbids notifications is told so, and may change their mind in the browser's settings", async () => {
    const push = await arrive();
    browser.answer = "denied";
    await expect(push.enable()).rejects.toMatchObject({ code: "push-not-allowed" });
    expect(push.state).toBe("denied");
    const told: string[] = [];
    push.observe((state) => told.push(state));
    browser.decide("default");
    await eventually(() => {
      expect(told).toEqual(["off"]);
    });
  });

  test("other tabs see it at once", async () => {
    const [one, other] = [await arrive(), await arrive()];
    const told: string[] = [];
    other.observe((state) => told.push(state));
    await one.enable();
    await one.disable();
    await eventually(() => {
      expect(told).toEqual(["on", "off"]);
    });
  });
});

describe("there is none", () => {
  test.each([null, undefined])("where the server does not push to browsers (%s)", async (key) => {
    server.key = key;
    const push = await arrive();
    expect(push.state).toBe("unsupported");
    await expect(push.enable()).rejects.toMatchObject({ code: "push-unsupported" });
  });

  test("where the server sends no pushes at all", async () => {
    server.problem = problem(501, "push-off");
    expect((await arrive()).state).toBe("unsupported");
  });

  test("where the app has no service worker, until it has one", async () => {
    browser.hasWorker = false;
    const push = await arrive();
    expect([push.state, server.asked]).toEqual(["unsupported", []]);
    browser.installWorker();
    await eventually(() => {
      expect(push.state).toBe("off");
    });
  });

  test("where the browser has no web push; nothing is asked for", async () => {
    browser.canPush = false;
    const push = await arrive();
    expect([push.state, server.asked]).toEqual(["unsupported", []]);
    await expect(push.enable()).rejects.toMatchObject({ code: "push-unsupported" });
  });

  test("until the server could be asked once, which is tried again after a minute", async () => {
    server.problem = problem(0, "unreachable");
    const push = await arrive();
    expect(push.state).toBe("unsupported");
    server.problem = null;
    await push.start("ada");
    expect([push.state, server.asked]).toEqual(["unsupported", ["GET /devices"]]);
    browser.time += 60_000;
    await push.start("ada");
    expect([push.state, server.asked]).toEqual(["off", ["GET /devices", "GET /devices"]]);
  });
});

describe("at each start", () => {
  test("nothing is asked while nothing has changed", async () => {
    await arriveWithPushes();
    browser.time += DAY / 2;
    expect([(await arrive()).state, server.asked]).toEqual(["on", []]);
  });

  test("the server is asked once a day whether it still has the device, and it is renewed once a week", async () => {
    await arriveWithPushes();
    const { length } = server.endpoints("ada");
    for (let day = 0; day < 15; day += 1) {
      browser.time += 1.01 * DAY;
      await arrive();
    }
    expect(server.asked.filter((asked) => asked === "GET /devices")).toHaveLength(15);
    expect(server.asked.filter((asked) => asked === "PUT /devices/*")).toHaveLength(2);
    expect(server.endpoints("ada")).toHaveLength(length);
  });

  test("a subscription that the browser has changed is registered, under the same id", async () => {
    await arriveWithPushes();
    browser.renewSubscription();
    await arrive();
    expect(server.endpoints("ada")).toEqual([endpoint()]);
  });

  test("a subscription that the browser has dropped is made anew", async () => {
    await arriveWithPushes();
    browser.subscribed = null;
    expect((await arrive()).state).toBe("on");
    expect(server.endpoints("ada")).toEqual([endpoint()]);
  });

  test("a server with another key is subscribed to with that", async () => {
    await arriveWithPushes();
    const before = endpoint();
    server.key = OTHER_KEY;
    browser.time += 2 * DAY;
    expect((await arrive()).state).toBe("on");
    expect(browser.subscribed?.key).toBe(OTHER_KEY);
    expect(endpoint()).not.toBe(before);
    expect(server.endpoints("ada")).toEqual([endpoint()]);
  });

  test("what the person has removed from another device stays off", async () => {
    await arriveWithPushes();
    server.devices.get("ada")?.clear();
    browser.time += 2 * DAY;
    expect([(await arrive()).state, browser.subscribed, server.endpoints("ada")]).toEqual(["off", null, []]);
  });

  test("what was erased is off at once, without a day's wait", async () => {
    const push = await arriveWithPushes();
    server.devices.get("ada")?.clear();
    await push.start("ada");
    expect(push.state).toBe("on");
    await push.review();
    expect([push.state, browser.subscribed]).toEqual(["off", null]);
  });

  test("what the server has forgotten because nobody was here for months comes back", async () => {
    await arriveWithPushes();
    server.devices.get("ada")?.clear();
    browser.time += 100 * DAY;
    expect((await arrive()).state).toBe("on");
    expect(server.endpoints("ada")).toHaveLength(1);
  });

  test("a permission that was taken back ends it, here and there", async () => {
    const push = await arriveWithPushes();
    browser.decide("default");
    await eventually(() => {
      expect(server.endpoints("ada")).toEqual([]);
    });
    expect(push.state).toBe("off");
  });

  test("what fails is tried at the next one", async () => {
    await arriveWithPushes();
    browser.renewSubscription();
    server.problem = problem(503, "unavailable");
    expect((await arrive()).state).toBe("on");
    server.problem = null;
    await arrive();
    expect(server.endpoints("ada")).toEqual([endpoint()]);
  });
});

test("what the service worker says of a new subscription is registered at once", async () => {
  await arriveWithPushes();
  browser.renewSubscription();
  browser.say({ belfry: "subscription" });
  browser.say("something else");
  await eventually(() => {
    expect(server.endpoints("ada")).toEqual([endpoint()]);
  });
});

test("tabs that start together register once", async () => {
  await arriveWithPushes();
  browser.renewSubscription();
  await Promise.all([arrive(), arrive(), arrive()]);
  expect(server.asked).toEqual(["PUT /devices/*"]);
});

describe("who comes next", () => {
  const notification = {
    tag: "secret",
    data: { belfry: decode({ type: "alert", card: "secret", position: "1", title: "x" }) },
  };

  test("after a sign-out nothing of the person before is left: no subscription, no notification, no device", async () => {
    const push = await arriveWithPushes("ada");
    browser.shown = [notification, { tag: "the app's own", data: null }];
    await push.signOut();
    expect(browser.counted).toEqual([0]);
    expect([push.state, browser.subscribed, server.endpoints("ada")]).toEqual(["unsupported", null, []]);
    expect(browser.shown.map(({ tag }) => tag)).toEqual(["the app's own"]);
    expect(browser.kept("belfry-push:ada")).toBeNull();
  });

  test("nor a notification of an app that was open, where pushes are off", async () => {
    const push = await arrive("ada");
    browser.shown = [notification];
    await push.signOut();
    expect(browser.shown).toEqual([]);
  });

  test("gets nothing of the one before, who did not sign out", async () => {
    await arriveWithPushes("ada");
    browser.shown = [notification];
    const bob = await arrive("bob");
    expect([bob.state, browser.subscribed, browser.shown]).toEqual(["off", null, []]);
    await bob.enable();
    expect(server.endpoints("ada")).not.toContain(endpoint());
  });

  test("the one before is pushed to again once they are back", async () => {
    await arriveWithPushes("ada");
    await arrive("bob");
    server.devices.get("ada")?.clear(); // its subscription has ended
    browser.time += 2 * DAY;
    expect((await arrive("ada")).state).toBe("on");
    expect(server.endpoints("ada")).toEqual([endpoint()]);
  });

  test("whoever signs out without a network is not pushed to any more", async () => {
    const push = await arriveWithPushes("ada");
    server.problem = problem(0, "unreachable");
    await expect(push.signOut()).rejects.toThrow(BelfryError);
    expect([push.state, browser.subscribed, browser.kept("belfry-push:ada")]).toEqual([
      "unsupported",
      null,
      null,
    ]);
  });
});

describe("two people in one browser at the same time", () => {
  test("the one who is pushed to stays so, and the other one is told why they cannot be", async () => {
    const ada = await arriveWithPushes("ada");
    browser.here.add("ada");
    const bob = await arrive("bob");
    expect([ada.state, bob.state, server.endpoints("ada")]).toEqual(["on", "off", [endpoint()]]);
    await expect(bob.enable()).rejects.toMatchObject({ code: "push-taken" });
    expect([ada.state, bob.state, server.endpoints("ada")]).toEqual(["on", "off", [endpoint()]]);
    expect(server.endpoints("bob")).toEqual([]);
  });

  test("the other one is pushed to again once the first has gone", async () => {
    await arriveWithPushes("bob");
    const ada = await arriveWithPushes("ada");
    browser.here.add("ada");
    const bob = await arrive("bob");
    expect([ada.state, bob.state]).toEqual(["on", "off"]);
    await ada.signOut();
    browser.here.delete("ada");
    browser.time += DAY;
    await bob.start("bob");
    expect([bob.state, server.endpoints("bob")]).toEqual(["on", [endpoint()]]);
  });

  test("who waits and signs out is forgotten, here and there, and the first is pushed to as before", async () => {
    await arriveWithPushes("bob");
    const ada = await arriveWithPushes("ada");
    browser.here.add("ada");
    await (await arrive("bob")).signOut();
    expect(server.endpoints("bob")).toEqual([]);
    expect(browser.kept("belfry-push:bob")).toBeNull();
    expect([ada.state, server.endpoints("ada")]).toEqual(["on", [endpoint()]]);
  });
});
