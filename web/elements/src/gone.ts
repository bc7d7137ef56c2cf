import type { Card } from "@belfry/client";

/** So many more than there are cards may be known: some that are gone come back, by an undo for instance. */
const SPARE = 1000;

/**
 * Forget what is known about cards that are gone, once they are many: an inbox that stays open for weeks does not
 * remember all that ever came.
 */
export function forgetGone(known: Map<string, unknown>, cards: readonly Card[]): void {
  if (known.size <= cards.length + SPARE) {
    return;
  }
  const there = new Set(cards.map((card) => card.card));
  for (const key of known.keys()) {
    if (!there.has(key)) {
      known.delete(key);
    }
  }
}
