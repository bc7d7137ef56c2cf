import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ANSWER_TIME, ASK_INTERVAL, Tabs } from "../src/tabs.ts";
import { World } from "./browser-world.ts";
import type { Tab } from "./browser-world.ts";

/** Milliseconds after which somebody leads, whatever happened before, while the person looks at a tab. */
const TAKEOVER = ASK_INTERVAL + 2 * ANSWER_TIME;

/** A tab with the app in it. */
class App {
  readonly tab: Tab;
  readonly tabs: Tabs;
  /** What it was told of its part. */
  readonly parts: ("leads" | "follows")[] = [];
  readonly received: unknown[] = [];
  running = false;

  constructor(tab: Tab) {
    this.tab = tab;
    this.tabs = new Tabs({
      name: "ada",
      browser: tab.browser,
      onLead: () => this.parts.push("leads"),
      onFollow: () => this.parts.push("follows"),
      onMessage: (message) => this.received.push(message),
    });
    this.start();
  }

  start(): void {
    this.running = true;
    this.tabs.start();
  }

  stop(): void {
    this.running = false;
    this.parts.length = 0;
    this.tabs.stop();
  }

  get leads(): boolean {
    return this.tab.awake && this.tabs.leading;
  }
}

let world: World;
let apps: App[];

beforeEach(() => {
  world = new World();
  apps = [];
});

function open(visible: boolean): App {
  const app = new App(world.open(visible));
  apps.push(app);
  return app;
}

const leaders = (): App[] => apps.filter((app) => app.leads);

describe("of many tabs", () => {
  test("the first leads, and the others follow", async () => {
    const [first, second, third] = [open(true), open(false), open(true)];
    await world.settle();
    expect([first.parts, second.parts, third.parts]).toEqual([["leads"], ["follows"], ["follows"]]);
    await world.pass(3_600_000);
    expect(leaders()).toEqual([first]);
  });

  test("another leads at once when the leader is closed, crashes or stops", async () => {
    const [first, second, third] = [open(true), open(false), open(false)];
    await world.settle();
    first.tab.crash();
    await world.settle();
    expect(leaders()).toEqual([second]);
    second.stop();
    await world.settle();
    expect(leaders()).toEqual([third]);
    expect(second.parts).toEqual([]);
  });

  test("what one posts reaches all others, and not itself", async () => {
    const [first, second, third] = [open(true), open(false), open(false)];
    await world.settle();
    first.tabs.post({ cards: [1] });
    third.tabs.post("hello");
    await world.settle();
    expect([first.received, second.received, third.received]).toEqual([
      ["hello"],
      [{ cards: [1] }, "hello"],
      [{ cards: [1] }],
    ]);
  });

  test("the one that is looked at takes over from a leader that is frozen, as soon as it is looked at", async () => {
    const [first, second] = [open(true), open(false)];
    await world.settle();
    first.tab.hide();
    first.tab.freeze();
    await world.pass(3_600_000);
    expect(leaders()).toEqual([]);
    second.tab.show();
    await world.pass(ANSWER_TIME);
    expect(leaders()).toEqual([second]);
    expect(second.parts).toEqual(["follows", "leads"]);
  });

  test("one that starts takes over from a leader that is frozen", async () => {
    const first = open(false);
    await world.settle();
    first.tab.freeze();
    const second = open(true);
    await world.pass(ANSWER_TIME);
    expect(leaders()).toEqual([second]);
  });

  test("a leader that freezes while another tab is looked at is noticed", async () => {
    const [first, second] = [open(false), open(true)];
    await world.settle();
    first.tab.freeze();
    await world.pass(ASK_INTERVAL + ANSWER_TIME);
    expect(leaders()).toEqual([second]);
  });

  test("the one that was robbed follows when it wakes, and leads again when it is its turn", async () => {
    const [first, second] = [open(false), open(true)];
    await world.settle();
    first.tab.freeze();
    await world.pass(TAKEOVER);
    first.tab.show();
    await world.pass(TAKEOVER);
    expect(leaders()).toEqual([second]);
    expect(first.parts).toEqual(["leads", "follows"]);
    second.tab.crash();
    await world.settle();
    expect(leaders()).toEqual([first]);
  });

  test("after the machine slept, a leader that is just waking up is asked again, not robbed", async () => {
    const [first, second] = [open(false), open(true)];
    await world.settle();
    // It has asked, and before the answer is there everything sleeps.
    second.tab.show();
    world.tasks.shift()?.();
    await world.sleep(8 * 3_600_000);
    await world.pass(TAKEOVER);
    expect(leaders()).toEqual([first]);
    expect(first.parts).toEqual(["leads"]);
  });

  test("two that look at a frozen leader at the same time end with one of them", async () => {
    const first = open(false);
    await world.settle();
    first.tab.freeze();
    const [second, third] = [open(true), open(true)];
    await world.pass(TAKEOVER);
    await world.pass(3_600_000);
    // The other one hears in time that there is a leader again.
    expect([second.parts, third.parts]).toEqual([["follows", "leads"], ["follows"]]);
  });

  test("a page that is left gives the lead away, and follows when the person goes back to it", async () => {
    const [first, second] = [open(true), open(false)];
    await world.settle();
    first.tab.leave();
    second.tab.show();
    await world.settle();
    expect(leaders()).toEqual([second]);
    first.tab.show();
    await world.settle();
    expect(first.parts.at(-1)).toBe("follows");
    expect(leaders()).toEqual([second]);
  });

  test("a page that was alone leads again when the person goes back to it", async () => {
    const app = open(true);
    await world.settle();
    app.tab.leave();
    app.tab.show();
    await world.settle();
    expect(leaders()).toEqual([app]);
  });

  test("strangers on the channel are ignored", async () => {
    const app = open(true);
    const channel = world.open(false).browser.openChannel?.("belfry/1/ada");
    for (const stray of [null, 1, "text", {}, { from: 1, kind: "message" }, { from: "x", kind: "?" }]) {
      channel?.postMessage(stray);
    }
    await world.settle();
    expect(app.received).toEqual([]);
  });
});

describe("every tab leads itself", () => {
  test.each(["locks", "openChannel"] as const)("without %s", async (missing) => {
    const leading: string[] = [];
    for (const name of ["first", "second"]) {
      const browser = { ...world.open(true).browser, [missing]: undefined };
      new Tabs({
        name: "ada",
        browser,
        onLead: () => leading.push(name),
        onFollow: () => leading.push(`not ${name}`),
        onMessage: () => undefined,
      }).start();
    }
    await world.pass(3_600_000);
    expect(leading).toEqual(["first", "second"]);
  });

  test.each([
    ["locks", { locks: { request: () => Promise.reject(new DOMException("no", "SecurityError")) } }],
    [
      "channels",
      {
        openChannel: () => {
          throw new DOMException("Storage access denied.", "SecurityError");
        },
      },
    ],
  ])("if it may not use %s", async (_, refused) => {
    const leading: string[] = [];
    const tabs = new Tabs({
      name: "ada",
      browser: { ...world.open(true).browser, ...refused },
      onLead: () => leading.push("leads"),
      onFollow: () => leading.push("follows"),
      onMessage: () => undefined,
    });
    tabs.start();
    await world.pass(3_600_000);
    expect(leading).toEqual(["leads"]);
    tabs.stop();
    tabs.call("gone");
  });

  test("outside browsers", async () => {
    const leading = new Promise<void>((resolve) => {
      const tabs = new Tabs({
        name: "ada",
        onLead: resolve,
        onFollow: () => undefined,
        onMessage: () => undefined,
      });
      tabs.start();
      expect(tabs.leading).toBe(true);
    });
    await leading;
  });
});

type Happening =
  | { readonly what: "open"; readonly visible: boolean }
  | {
      readonly what: "stop" | "start" | "freeze" | "thaw" | "show" | "hide" | "leave" | "crash";
      readonly which: number;
    }
  | { readonly what: "pass" | "sleep"; readonly milliseconds: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant("open" as const), visible: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constantFrom("stop", "start", "freeze", "thaw", "show", "hide", "leave", "crash"),
      which: fc.nat({ max: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("pass" as const), milliseconds: fc.nat({ max: 20_000 }) }),
  },
);

async function happen(event: Happening): Promise<void> {
  if ("milliseconds" in event) return world[event.what](event.milliseconds);
  if ("visible" in event) {
    open(event.visible);
    return;
  }
  const living = apps.filter((app) => app.tab.alive);
  const app = living[event.which % living.length];
  if (app === undefined) return;
  switch (event.what) {
    case "stop":
    case "start":
      // Only who is awake does anything.
      if (app.tab.awake) app[event.what]();
      break;
    case "freeze":
      // Nobody freezes what the person looks at.
      if (!app.tab.visible) app.tab.freeze();
      break;
    case "leave":
      if (app.tab.awake) app.tab.leave();
      break;
    case "thaw":
    case "show":
    case "hide":
    case "crash":
      app.tab[event.what]();
  }
}

test("whatever happens to tabs, there are never two leaders awake, soon there is one, and all hear it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(happening, fc.boolean()), { maxLength: 40, size: "max" }),
      async (story) => {
        world = new World();
        apps = [];
        for (const [event, settled] of story) {
          await happen(event);
          // Some things happen at the same time.
          if (!settled) continue;
          await world.settle();
          expect(leaders().length).toBeLessThanOrEqual(1);
        }
        open(true);
        await world.pass(TAKEOVER);
        expect(leaders()).toHaveLength(1);
        const [leader] = leaders();
        for (const app of apps.filter((one) => one.running && one.tab.awake)) {
          expect(app.parts.at(-1)).toBe(app === leader ? "leads" : "follows");
        }

        leader?.tabs.post("news");
        await world.settle();
        for (const app of apps.filter((one) => one.running && one.tab.awake && one !== leader)) {
          expect(app.received.filter((message) => message === "news")).toHaveLength(1);
        }

        // And it stays so.
        const parts = apps.map((app) => app.parts.length);
        await world.pass(10 * ASK_INTERVAL);
        expect(apps.map((app) => app.parts.length)).toEqual(parts);
        expect(leaders()).toEqual([leader]);

        // Without it the next in line leads, though nobody looks at any tab.
        leader?.tab.crash();
        const waiting = apps.filter((app) => app.running && app.tab.alive && !app.tab.left);
        for (const app of waiting) {
          app.tab.hide();
          app.tab.thaw();
        }
        await world.settle();
        expect(leaders()).toHaveLength(Math.min(1, waiting.length));
      },
    ),
    { numRuns: 300 },
  );
});
