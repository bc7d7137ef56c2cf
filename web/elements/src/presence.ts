import type { BelfryClient, Card, Filter } from "@belfry/client";
import { connectedElements } from "./element.ts";
import type { InboxElement } from "./inbox.ts";

/** Whether an inbox that can be seen shows this card, or will as soon as it has rendered. */
export function isInSight(card: Card, client: BelfryClient): boolean {
  return connectedElements("belfry-inbox").some(
    (inbox) => inbox.belfry === client && shows(inbox, card) && isSeen(inbox),
  );
}

function shows(inbox: InboxElement, card: Card): boolean {
  // A list that is scrolled down says how many are new, and no more: not enough for what is critical.
  const scrolled = (inbox.renderRoot.querySelector("belfry-feed")?.scrollTop ?? 0) > 0;
  return matches(card, inbox.filter) && !(scrolled && card.severity === "critical");
}

function isSeen(element: Element): boolean {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return (
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    bottom > 0 &&
    right > 0 &&
    top < innerHeight &&
    left < innerWidth
  );
}

function matches(card: Card, { unread, severities, categories }: Filter): boolean {
  return (
    !(unread && card.read) &&
    (!severities?.length || severities.includes(card.severity)) &&
    (!categories?.length || categories.includes(card.category ?? ""))
  );
}
