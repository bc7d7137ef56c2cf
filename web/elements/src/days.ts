import type { Card } from "@belfry/client";

const days = new WeakMap<Card, number>();

/** The local day on which a card became visible, as a number that grows by one each day. */
function dayOf(card: Card): number {
  let day = days.get(card);
  if (day === undefined) {
    const at = new Date(card.at);
    day = Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / 86_400_000;
    days.set(card, day);
  }
  return day;
}

/**
 * Which cards begin a day. Days only go back: a card that keeps its place though it has a newer revision, or one that
 * an outage delayed, stays among its neighbours.
 */
export function beginsDay(cards: readonly Card[]): readonly boolean[] {
  let current = Infinity;
  return cards.map((card) => {
    const day = dayOf(card);
    const begins = day < current;
    current = Math.min(current, day);
    return begins;
  });
}
