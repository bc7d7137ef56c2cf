/** The states of preferences: how each comes about. */
import type { Topic } from "../src/index.ts";
import { FakeBelfry, UNREACHABLE } from "../tests/fake.ts";
import { sample } from "./sample.ts";
import { settled, type State } from "./state.ts";

const TOPICS: readonly Topic[] = [
  { topic: "offers", title: "Offers", description: "Once a week, what is cheaper than it was." },
  {
    topic: "stock-oak",
    title: "Oak is back",
    description: "As soon as tables and shelves of oak are in stock.",
  },
  { topic: "workshops", title: "Workshops" },
];

/** A client of somebody who has set a few things. */
export function someone(): FakeBelfry {
  const client = new FakeBelfry({ cards: sample() });
  client.savedSubscriptions = [
    { topic: "offers", since: "2026-01-01T00:00:00.000Z" },
    { topic: "stock-oak", since: "2026-01-01T00:00:00.000Z" },
  ];
  client.savedPreferences = {
    ...client.savedPreferences,
    mutedCategories: ["news"],
    mutedTopics: ["stock-oak"],
    quietHours: {
      start: "22:00",
      end: "07:00",
      timeZone: "Europe/Warsaw",
      days: ["monday", "tuesday", "wednesday", "thursday"],
    },
  };
  client.savedDevices = [
    {
      installation: "phone",
      platform: "apns",
      registeredAt: new Date(Date.now() - 40 * 86_400_000).toISOString(),
      renewedAt: new Date(Date.now() - 3_600_000).toISOString(),
    },
    {
      installation: "laptop",
      platform: "browser",
      registeredAt: new Date(Date.now() - 3 * 86_400_000).toISOString(),
      renewedAt: new Date(Date.now() - 86_400_000).toISOString(),
    },
  ];
  return client;
}

async function show(
  body: HTMLElement,
  prepare: (client: FakeBelfry) => void = () => undefined,
): Promise<{ client: FakeBelfry; root: ShadowRoot }> {
  const client = someone();
  prepare(client);
  const frame = document.createElement("div");
  frame.className = "settings";
  const element = document.createElement("belfry-preferences");
  element.topics = TOPICS;
  element.belfry = client;
  frame.append(element);
  body.append(frame);
  await settled();
  await settled();
  return { client, root: element.renderRoot as ShadowRoot };
}

function prepared(prepare?: (client: FakeBelfry) => void): State {
  return {
    async show(body) {
      await show(body, prepare);
    },
  };
}

function press(root: ShadowRoot, selector: string): void {
  root.querySelector<HTMLElement>(selector)?.click();
}

export const preferenceStates: Readonly<Record<string, State>> = {
  preferences: prepared(),
  "preferences-loading": prepared((client) => {
    client.hold();
  }),
  "preferences-failed": prepared((client) => {
    client.failing = UNREACHABLE;
  }),
  "preferences-signed-out": prepared((client) => {
    client.become({ connection: "signed-out" });
  }),
  "preferences-offline": {
    async show(body) {
      const { client } = await show(body);
      client.become({ connection: "waiting" });
    },
  },
  "preferences-denied": prepared((client) => {
    client.push.state = "denied";
  }),
  "preferences-unsupported": prepared((client) => {
    client.push.state = "unsupported";
    client.savedDevices = [];
  }),
  "preferences-saved": {
    async show(body) {
      const { root } = await show(body, (client) => {
        client.push.state = "on";
      });
      press(root, "[name=critical-always]");
      await settled();
    },
  },
  "preferences-not-saved": {
    async show(body) {
      const { client, root } = await show(body);
      client.failing = UNREACHABLE;
      press(root, "#topic-2");
      press(root, "[name=critical-always]");
      await settled();
    },
  },
  "preferences-fault": {
    async show(body) {
      const { root } = await show(body);
      const end = root.querySelector<HTMLInputElement>("[name=end]");
      if (end) {
        end.value = "22:00";
        end.dispatchEvent(new Event("change"));
      }
      root.querySelector("belfry-devices")?.shadowRoot?.querySelector<HTMLElement>(".button")?.click();
      await settled();
    },
  },
};
