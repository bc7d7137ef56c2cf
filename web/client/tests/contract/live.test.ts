import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { TestContext } from "vitest";
import { GRACE, LiveConnection, QUIET } from "../../src/live.ts";
import type { Frame, LiveStatus } from "../../src/live.ts";
import { connect } from "../../src/pubsub.ts";
import { eventually } from "../eventually.ts";
import { Relay } from "./relay.ts";
import { Service } from "./service.ts";

/** A client, and all that it tells. */
class Client {
  readonly frames: Frame[] = [];
  readonly statuses: LiveStatus[] = [];
  addresses = 0;
  returns = 0;
  readonly live: LiveConnection;

  constructor(address: (asked: number) => string) {
    this.live = new LiveConnection({
      address: () => {
        this.addresses += 1;
        return Promise.resolve(address(this.addresses));
      },
      onFrame: (frame) => this.frames.push(frame),
      onReturn: () => {
        this.returns += 1;
        return Promise.resolve();
      },
      onStatus: (status) => this.statuses.push(status),
    });
    this.live.open();
  }

  async reaches(...statuses: LiveStatus[]): Promise<void> {
    await eventually(
      () => {
        expect(this.statuses).toEqual(statuses);
      },
      QUIET + GRACE + 30_000,
    );
  }

  async receives(...frames: Frame[]): Promise<void> {
    await eventually(() => {
      expect(this.frames).toEqual(frames);
    });
  }
}

let service: Service;

beforeAll(async () => {
  vi.spyOn(console, "debug").mockReturnValue();
  service = await Service.start();
});

afterAll(async () => {
  await service.kill();
  vi.restoreAllMocks();
});

describe.concurrent("a live connection", () => {
  test("brings frames for the person, and for their groups, and nothing that is no frame", async (context) => {
    const { address, user, connected } = await stage(context);
    const client = connected(() => address({ groups: ["cooks"] }));
    await client.reaches("live");
    await service.send(`users/${user}`, { type: "alerts", alerts: [] });
    await service.send(`users/${user}`, "text");
    await service.send(`users/${user}`, ["a list"]);
    await service.send("groups/cooks", { type: "marks" });
    await client.receives({ type: "alerts", alerts: [] }, { type: "marks" });
  });

  test("loses nothing when the network breaks for a moment, and asks nobody", async (context) => {
    const { address, user, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    relay.break();
    await service.send(`users/${user}`, { type: "alerts", alerts: ["sent meanwhile"] });
    await client.receives({ type: "alerts", alerts: ["sent meanwhile"] });
    expect(client).toMatchObject({ addresses: 1, returns: 0, statuses: ["live"] });
  });

  test("returns to a service that was killed and started again, and catches up", async (context) => {
    const { connected } = await stage(context);
    let mortal = await Service.start();
    context.onTestFinished(() => mortal.kill());
    const client = connected(() => mortal.address("ada"));
    await client.reaches("live");
    const { port } = mortal;
    await mortal.kill();
    mortal = await Service.start(port);
    await client.reaches("live", "waiting", "live");
    expect(client).toMatchObject({ addresses: 2, returns: 1 });
    await mortal.send("users/ada", { type: "alerts" });
    await client.receives({ type: "alerts" });
  });

  test("asks for a new address when the token in it has expired", async (context) => {
    const { address, connected } = await stage(context);
    const client = connected((asked) => address(asked < 3 ? { seconds: -3_600 } : {}));
    await client.reaches("waiting", "live");
    expect(client).toMatchObject({ addresses: 3, returns: 0 });
  });

  test("asks for a new address after an outage that is too long to recover from", async (context) => {
    const { address, user, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    relay.way = "refused";
    relay.break();
    await client.reaches("live", "waiting");
    relay.way = "through";
    await client.reaches("live", "waiting", "live");
    expect(client.addresses).toBeGreaterThan(1);
    expect(client.returns).toBe(1);
    await service.send(`users/${user}`, { type: "alerts" });
    await client.receives({ type: "alerts" });
  });

  test("notices that it is half open", async (context) => {
    const { address, user, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    relay.swallow();
    await client.reaches("live", "waiting", "live");
    await service.send(`users/${user}`, { type: "alerts" });
    await client.receives({ type: "alerts" });
  });

  test("that is idle is kept", async (context) => {
    const { address, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    await new Promise((resolve) => setTimeout(resolve, QUIET + GRACE + 1_000));
    expect(client.statuses).toEqual(["live"]);
    expect(relay.connections).toBe(1);
  });
});

describe.concurrent("after close", () => {
  test("nothing is open, nor heard", async (context) => {
    const { address, user, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    client.live.close();
    await service.send(`users/${user}`, { type: "alerts" });
    await gone(relay);
    expect(client).toMatchObject({ frames: [], statuses: ["live"] });
  });

  test("the person counts as connected for a while, for the next page; or no more from that moment", async (context) => {
    const { address, user, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    client.live.close();
    await gone(relay);
    expect(await service.isConnected(user)).toBe(true);
    const other = await stage(context);
    const leaving = other.connected(() => other.address());
    await leaving.reaches("live");
    leaving.live.close(true);
    await gone(other.relay);
    expect(await service.isConnected(other.user)).toBe(false);
  });

  test("a socket that was on its way is closed as soon as it opens", async (context) => {
    const { address, relay, connected } = await stage(context);
    relay.way = "held";
    const client = connected(() => address());
    await eventually(() => {
      expect(relay.open).toBe(1);
    });
    client.live.close();
    relay.release();
    await gone(relay);
    expect(client.statuses).toEqual([]);
  });

  test("a connection that was being recovered is closed as soon as it is", async (context) => {
    const { address, user, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    relay.way = "held";
    relay.break();
    await eventually(() => {
      expect(relay).toMatchObject({ connections: 2, open: 1 });
    });
    client.live.close();
    relay.way = "through";
    relay.release();
    await gone(relay);
    await service.send(`users/${user}`, { type: "alerts" });
    expect(client.frames).toEqual([]);
  });

  test("a line that recovers once more hands nothing on", async (context) => {
    const { address, user, relay } = await stage(context);
    const frames: Frame[] = [];
    const listener = { onFrame: (frame: Frame) => frames.push(frame), onHeard: () => undefined };
    const line = await connect(address(), listener, new AbortController().signal);
    relay.way = "held";
    relay.break();
    await eventually(() => {
      expect(relay).toMatchObject({ connections: 2, open: 1 });
    });
    line.close();
    await service.send(`users/${user}`, { type: "alerts" });
    relay.way = "through";
    relay.release();
    await gone(relay);
    await line.ended;
    expect(frames).toEqual([]);
  });

  test("a recovery that fails is not tried for ever", async (context) => {
    const { address, relay, connected } = await stage(context);
    const client = connected(() => address());
    await client.reaches("live");
    relay.way = "refused";
    relay.break();
    await eventually(() => {
      expect(relay.connections).toBeGreaterThan(1);
    });
    client.live.close();
    await quiet(relay);
  });
});

interface Stage {
  /** A network of its own to the service. */
  readonly relay: Relay;
  readonly user: string;
  /** Of that user, by way of the relay. */
  readonly address: (options?: { seconds?: number; groups?: string[] }) => string;
  readonly connected: (address: (asked: number) => string) => Client;
}

async function stage({ onTestFinished }: TestContext): Promise<Stage> {
  const relay = await Relay.start(service.port);
  onTestFinished(() => relay.stop());
  const user = `user-${new URL(relay.url).port}`;
  return {
    relay,
    user,
    address: (options) => service.address(user, { ...options, via: relay.url }),
    connected(address) {
      const client = new Client(address);
      onTestFinished(() => {
        client.live.close();
      });
      return client;
    },
  };
}

/** No connection is there, and none comes for as long as a client tries to recover one. */
async function gone(relay: Relay): Promise<void> {
  await eventually(() => {
    expect(relay.open).toBe(0);
  });
  await quiet(relay);
  expect(relay.open).toBe(0);
}

/** Nobody has connected for three seconds: clients that recover a connection try once a second. */
async function quiet(relay: Relay): Promise<void> {
  for (let last = -1; last !== relay.connections;) {
    last = relay.connections;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  }
}
