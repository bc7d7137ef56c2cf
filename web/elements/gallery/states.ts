/** Each state of the elements: how it comes about. */
import "../src/index.ts";
import type { BelfryElement } from "../src/index.ts";
import { card, FakeBelfry, UNREACHABLE, type FakeOptions } from "../tests/fake.ts";
import { settled, type State } from "./state.ts";
import { preferenceStates } from "./preference-states.ts";
import { many, sample } from "./sample.ts";
import { toastStates } from "./toast-states.ts";

function inbox(
  body: HTMLElement,
  options: FakeOptions = { cards: sample() },
): { client: FakeBelfry; root: ShadowRoot } {
  const client = new FakeBelfry(options);
  const frame = document.createElement("div");
  frame.className = "frame";
  const element = document.createElement("belfry-inbox");
  element.belfry = client;
  frame.append(element);
  body.append(frame);
  return { client, root: element.renderRoot as ShadowRoot };
}

function bell(
  body: HTMLElement,
  options: FakeOptions = { cards: sample() },
): { client: FakeBelfry; element: HTMLElement } {
  const client = new FakeBelfry(options);
  const app = document.createElement("div");
  app.className = "app";
  app.append("Harbour shop");
  const element = document.createElement("belfry-bell");
  element.belfry = client;
  app.append(element);
  body.append(app);
  return { client, element };
}

/** The cards of an inbox, once they are there. */
async function cardsOf(root: ShadowRoot): Promise<HTMLElement[]> {
  await settled();
  return [...(root.querySelector("belfry-feed")?.shadowRoot?.querySelectorAll("belfry-card") ?? [])];
}

function press(root: ShadowRoot, name: string): void {
  root.querySelector<HTMLElement>(name)?.click();
}

export const states: Readonly<Record<string, State>> = {
  inbox: { show: (body) => void inbox(body) },
  "inbox-first-load": {
    show: (body) => void inbox(body, { snapshot: { loaded: false, connection: "connecting" } }),
  },
  "inbox-empty": { show: (body) => void inbox(body, {}) },
  "inbox-filters": {
    async show(body) {
      const { root } = inbox(body);
      await settled();
      press(root, "[aria-controls=filters]");
      await settled();
      press(root, ".chip.critical");
      press(root, ".chip.warning");
    },
  },
  "inbox-no-match": {
    async show(body) {
      const { root } = inbox(body, { cards: sample().map((each) => ({ ...each, read: true })) });
      await settled();
      press(root, ".choice button:last-child");
    },
  },
  "inbox-offline": {
    show: (body) => void inbox(body, { cards: sample(), snapshot: { connection: "waiting", queued: 2 } }),
  },
  "inbox-failed": {
    async show(body) {
      const { client } = inbox(body, { page: 0, cards: sample() });
      client.failing = UNREACHABLE;
      await settled();
    },
  },
  "inbox-signed-out": {
    show(body) {
      const { root } = inbox(body, { snapshot: { connection: "signed-out" } });
      const sign = document.createElement("button");
      sign.slot = "signed-out";
      sign.textContent = "Sign in";
      root.host.append(sign);
    },
  },
  "inbox-held": {
    async show(body) {
      const { client, root } = inbox(body, { cards: many(100) });
      await cardsOf(root);
      root.querySelector("belfry-feed")?.scrollTo(0, 400);
      await settled();
      client.arrive(card(), card(), card());
    },
  },
  "inbox-undo": {
    async show(body) {
      const { root } = inbox(body);
      const [, second] = await cardsOf(root);
      second?.dispatchEvent(new CustomEvent("archive"));
    },
  },
  "inbox-focus": {
    async show(body) {
      const { root } = inbox(body);
      const [, , , fourth] = await cardsOf(root);
      fourth?.dispatchEvent(new CustomEvent("expand", { detail: { expanded: true } }));
      (await cardsOf(root))[1]?.focus();
    },
  },
  "inbox-loading-older": {
    async show(body) {
      const { client, root } = inbox(body, { cards: many(100), page: 8 });
      client.hold();
      await cardsOf(root);
      root.querySelector("belfry-feed")?.scrollTo(0, 1e6);
    },
  },
  "inbox-older-failed": {
    async show(body) {
      const { client, root } = inbox(body, { cards: many(100), page: 8 });
      client.failing = UNREACHABLE;
      await cardsOf(root);
      await new Promise((resolve) => setTimeout(resolve, 50));
      root.querySelector("belfry-feed")?.scrollTo(0, 1e6);
    },
  },
  "inbox-5000": {
    show(body) {
      const { client } = inbox(body, { cards: many(5000), page: 5000 });
      Object.assign(window, { client, card });
    },
  },
  "bell-closed": {
    show(body) {
      bell(body);
      bell(body, { snapshot: { unread: 100 } });
      bell(body, {});
      bell(body, { snapshot: { unread: 7, connection: "waiting" } });
    },
  },
  "bell-open": {
    async show(body) {
      const { element } = bell(body);
      await settled();
      element.shadowRoot?.querySelector("button")?.click();
    },
  },
  ...toastStates,
  ...preferenceStates,
};

export type { BelfryElement };
