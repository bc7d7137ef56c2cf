/** What the tests of elements share: put one on the page, wait until it has rendered, look into it. */
import axe from "axe-core";
import { expect } from "vitest";
import type { Card } from "@belfry/client";
import { CardElement } from "../src/card.ts";
import { FeedElement } from "../src/feed.ts";
import "../src/index.ts";
import type { InboxElement } from "../src/inbox.ts";
import { FakeBelfry, type FakeOptions } from "./fake.ts";

export interface Shown {
  readonly client: FakeBelfry;
  readonly inbox: InboxElement;
}

/** An inbox of 24rem by 40rem. */
export async function showInbox(options: FakeOptions = {}): Promise<Shown> {
  const client = new FakeBelfry(options);
  const inbox = document.createElement("belfry-inbox");
  inbox.belfry = client;
  const frame = document.createElement("main");
  frame.style.cssText = "block-size: 40rem; max-inline-size: 26rem";
  frame.append(inbox);
  document.body.append(frame);
  await settled();
  return { client, inbox };
}

/** Whatever was to be rendered has been: each element waits for a frame at most, and a feed measures after one. */
export async function settled(): Promise<void> {
  for (let frame = 0; frame < 5; frame += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

export function clear(): void {
  document.body.replaceChildren();
  const root = document.documentElement;
  root.removeAttribute("style");
  root.removeAttribute("dir");
  root.lang = "en";
  document.body.style.margin = "0";
}

/** The only element that matches, anywhere inside: a test that finds none has failed. */
export function find(within: Element, selector: string): HTMLElement {
  const found = findAll(within, selector)[0];
  if (!found) {
    throw new Error(`there is no ${selector}`);
  }
  return found;
}

/** All that match, in any of the shadow roots inside, in their order. */
export function findAll<T extends HTMLElement = HTMLElement>(
  within: Element | ShadowRoot,
  selector: string,
): T[] {
  const found: T[] = [];
  const root = within instanceof Element ? (within.shadowRoot ?? within) : within;
  for (const element of root.querySelectorAll<T>("*")) {
    if (element.matches(selector)) {
      found.push(element);
    }
    if (element.shadowRoot) {
      found.push(...findAll<T>(element.shadowRoot, selector));
    }
  }
  return found;
}

export function feedOf(inbox: Element): FeedElement {
  const feed = find(inbox, "belfry-feed");
  if (!(feed instanceof FeedElement)) {
    throw new Error("that is no feed");
  }
  return feed;
}

export function cardElement(inbox: Element, { card }: Pick<Card, "card">): CardElement {
  const found = findAll<CardElement>(inbox, "belfry-card").find((each) => each.card?.card === card);
  if (!found) {
    throw new Error(`the card ${card} is not rendered`);
  }
  return found;
}

/** The titles on the screen, from the top. */
export function titles(inbox: Element): string[] {
  return findAll<CardElement>(inbox, "belfry-card").map((each) => each.card?.title ?? "");
}

/** The title of the card that has the focus. */
export function focusedTitle(): string | undefined {
  const root = focused()?.getRootNode();
  return root instanceof ShadowRoot && root.host instanceof CardElement ? root.host.card?.title : undefined;
}

/** The innermost element that has the focus. */
export function focused(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) {
    active = active.shadowRoot.activeElement;
  }
  return active;
}

/** Neither a violation nor anything but colours that axe could not decide about. */
export async function expectAccessible(): Promise<void> {
  const results = await axe.run(document.body, { resultTypes: ["violations"] });
  expect(
    results.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ""}`),
    ),
  ).toEqual([]);
}

/** What screen readers were told, and how. */
export function announced(politeness: "polite" | "assertive"): string[] {
  const region = document.querySelector(`.belfry-announcer[aria-live=${politeness}]`);
  return [...(region?.children ?? [])].map((line) => line.textContent);
}
