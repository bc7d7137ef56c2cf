import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BelfryError, SignedOutError } from "../src/errors.ts";
import { GRACE, LiveConnection, QUIET } from "../src/live.ts";
import type { Frame, LiveOptions, LiveStatus } from "../src/live.ts";
import type { LineListener } from "../src/pubsub.ts";

/** A line whose other end is the test. */
class FakeLine {
  readonly address: string;
  readonly listener: LineListener;
  readonly ended: Promise<void>;
  closed = false;
  lose: () => void = () => undefined;

  constructor(address: string, listener: LineListener) {
    this.address = address;
    this.listener = listener;
    this.ended = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  close(): void {
    this.closed = true;
  }
}

/** A connection to a service that the test plays. */
class World {
  readonly lines: FakeLine[] = [];
  readonly statuses: LiveStatus[] = [];
  readonly frames: Frame[] = [];
  readonly wakes = new Set<() => void>();
  negotiations = 0;
  returns = 0;
  attempts = 0;
  /** What the next steps fail with; null if they succeed. */
  negotiating: Error | null = null;
  connecting: "opens" | "fails" | "hangs" = "opens";
  returning: Error | null = null;
  readonly live: LiveConnection;

  constructor(options: Partial<LiveOptions> = {}) {
    this.live = new LiveConnection({
      address: () => {
        this.negotiations += 1;
        return this.negotiating
          ? Promise.reject(this.negotiating)
          : Promise.resolve(`address ${this.negotiations}`);
      },
      connect: (address, listener, signal) => {
        this.attempts += 1;
        if (this.connecting === "fails") return Promise.reject(new Error("refused"));
        if (this.connecting === "hangs") {
          return new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              reject(new Error("given up"));
            });
          });
        }
        const line = new FakeLine(address, listener);
        this.lines.push(line);
        listener.onHeard();
        return Promise.resolve(line);
      },
      onFrame: (frame) => this.frames.push(frame),
      onReturn: () => {
        this.returns += 1;
        return this.returning ? Promise.reject(this.returning) : Promise.resolve();
      },
      onStatus: (status) => this.statuses.push(status),
      wake: (listener) => {
        this.wakes.add(listener);
        return () => {
          this.wakes.delete(listener);
        };
      },
      ...options,
    });
  }

  get line(): FakeLine {
    const line = this.lines.at(-1);
    if (line === undefined) throw new Error("it has not connected yet");
    return line;
  }

  wake(): void {
    for (const listener of [...this.wakes]) listener();
  }

  async open(): Promise<void> {
    this.live.open();
    await passing(0);
  }
}

const passing = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

let world: World;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "debug").mockReturnValue();
  world = new World();
});

afterEach(async () => {
  world.live.close();
  await passing(0);
  expect(vi.getTimerCount(), "timers that stay").toBe(0);
  expect(world.wakes.size, "listeners that stay").toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("it is live once it is connected, and has nothing to catch up with the first time", async () => {
  await world.open();
  expect(world.statuses).toEqual(["live"]);
  expect(world.returns).toBe(0);
  world.line.listener.onFrame({ type: "alerts" });
  expect(world.frames).toEqual([{ type: "alerts" }]);
});

test("a lost line is replaced, with a new address, and it is live again once it has caught up", async () => {
  await world.open();
  const [first] = world.lines;
  world.returning = new BelfryError({ status: 503, code: "unavailable", detail: "" });
  first?.lose();
  await passing(0);
  expect(world.lines.map((line) => line.address)).toEqual(["address 1", "address 2"]);
  expect(first?.closed).toBe(true);
  expect(world.statuses).toEqual(["live", "waiting"]);
  await passing(1_000);
  expect(world.returns).toBeGreaterThan(1);
  world.returning = null;
  await passing(15_000);
  expect(world.statuses).toEqual(["live", "waiting", "live"]);
  expect(world.lines).toHaveLength(2);
});

test("it tries for ever, ever more seldom, whatever fails", async () => {
  world.negotiating = new BelfryError({ status: 0, code: "unreachable", detail: "" });
  await world.open();
  expect(world.statuses).toEqual(["waiting"]);
  await passing(60_000);
  const inFirstMinute = world.negotiations;
  await passing(3_600_000);
  const inAnHour = world.negotiations - inFirstMinute;
  expect(inFirstMinute).toBeGreaterThan(7);
  expect(inAnHour).toBeGreaterThan(3_600 / 15 - 2);
  expect(inAnHour).toBeLessThan(3_600 / 5);
  world.negotiating = null;
  world.connecting = "fails";
  await passing(30_000);
  expect(world.attempts).toBeGreaterThan(1);
  world.connecting = "opens";
  await passing(15_000);
  expect(world.statuses).toEqual(["waiting", "live"]);
});

test("an attempt that hangs is given up", async () => {
  world.connecting = "hangs";
  await world.open();
  world.connecting = "opens";
  await passing(15_000 + 1_000);
  expect(world.statuses).toEqual(["waiting", "live"]);
});

test("a server that wants to be left alone is", async () => {
  world.negotiating = new BelfryError({ status: 503, code: "unavailable", detail: "" }, { retryAfter: 60 });
  await world.open();
  await passing(59_000);
  expect(world.negotiations).toBe(1);
  await passing(1_000);
  expect(world.negotiations).toBe(2);
});

test("waking ends the wait at once", async () => {
  world.connecting = "fails";
  await world.open();
  await passing(120_000);
  const before = world.attempts;
  world.connecting = "opens";
  world.wake();
  await passing(0);
  expect(world.attempts).toBe(before + 1);
  expect(world.statuses).toEqual(["waiting", "live"]);
});

test("a line that falls silent is replaced within half a minute", async () => {
  await world.open();
  await passing(QUIET + GRACE - 1);
  expect(world.lines).toHaveLength(1);
  await passing(1);
  expect(world.lines).toHaveLength(2);
  expect(world.lines[0]?.closed).toBe(true);
  expect(world.statuses).toEqual(["live", "waiting", "live"]);
  expect(QUIET + GRACE).toBeLessThan(30_000);
});

test("a line that is heard is kept, for days", async () => {
  await world.open();
  for (let quarters = 0; quarters < 4 * 60 * 48; quarters += 1) {
    await passing(15_000);
    world.line.listener.onHeard();
  }
  expect(world.lines).toHaveLength(1);
});

test("timers that a hidden tab stretches to a minute do not cost a healthy line", async () => {
  await world.open();
  for (let minutes = 0; minutes < 60; minutes += 1) {
    // All timers are due at once: the check of the silence, and the ping whose answer comes a little later.
    vi.setSystemTime(Date.now() + 60_000 - QUIET);
    await passing(QUIET - GRACE);
    world.line.listener.onHeard();
    await passing(GRACE);
  }
  expect(world.lines).toHaveLength(1);
});

test("after a sleep a line that is dead is found as soon as the person is back", async () => {
  await world.open();
  await passing(5_000);
  vi.setSystemTime(Date.now() + 8 * 3_600_000);
  world.wake();
  await passing(GRACE);
  expect(world.lines).toHaveLength(2);
  expect(world.statuses.at(-1)).toBe("live");
});

test("a clock that is set back does not blind it", async () => {
  await world.open();
  vi.setSystemTime(Date.now() - 3_600_000);
  await passing(QUIET);
  world.line.listener.onHeard();
  await passing(QUIET + GRACE);
  expect(world.lines).toHaveLength(2);
});

test("a line that is lost while it catches up is replaced all the same", async () => {
  await world.open();
  world.returning = new Error("no");
  world.line.lose();
  await passing(5_000);
  world.line.lose();
  await passing(5_000);
  expect(world.lines).toHaveLength(3);
  world.returning = null;
  await passing(7_000);
  expect(world.statuses).toEqual(["live", "waiting", "live"]);
});

test.each(["negotiating", "returning"] as const)(
  "it stops when signed out (%s), and open tries again",
  async (step) => {
    await world.open();
    world[step] = new SignedOutError();
    world.line.lose();
    await passing(0);
    expect(world.statuses).toEqual(["live", "waiting", "signed-out"]);
    expect(world.lines.every((line) => line.closed || step === "negotiating")).toBe(true);
    const { negotiations } = world;
    await passing(3_600_000);
    world.wake();
    expect(world.negotiations).toBe(negotiations);
    expect(vi.getTimerCount()).toBe(0);
    world[step] = null;
    await world.open();
    expect(world.statuses.at(-1)).toBe("live");
  },
);

test.each(["opens", "fails", "hangs"] as const)(
  "nothing is called after close (it %s)",
  async (connecting) => {
    world.connecting = connecting;
    world.live.open();
    world.live.close();
    await passing(60_000);
    expect(world.statuses).toEqual([]);
    expect(world.lines.every((line) => line.closed)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  },
);

test("a line that opens while it is closed is closed, too", async () => {
  let open: (line: FakeLine) => void = () => undefined;
  const closing = new World({
    connect: () =>
      new Promise((resolve) => {
        open = resolve;
      }),
  });
  await closing.open();
  closing.live.close();
  const line = new FakeLine("late", { onFrame: () => undefined, onHeard: () => undefined });
  open(line);
  await passing(0);
  expect(line.closed).toBe(true);
  expect(closing.statuses).toEqual([]);
});

test("frames of a connection that was closed are not heard", async () => {
  await world.open();
  world.live.close();
  world.line.listener.onFrame({ type: "alerts" });
  expect(world.frames).toEqual([]);
  await passing(0);
  expect(world.line.closed).toBe(true);
});

test("a listener that throws is told of, and ends nothing", async () => {
  const complaints = vi.spyOn(console, "error").mockReturnValue();
  const failing = new World({
    onFrame: () => {
      throw new Error("a mistake");
    },
  });
  await failing.open();
  failing.line.listener.onFrame({});
  expect(complaints).toHaveBeenCalledOnce();
  failing.line.lose();
  await passing(0);
  expect(failing.statuses).toEqual(["live", "waiting", "live"]);
  failing.live.close();
  await passing(0);
});
