import type { Card, Severity } from "@belfry/client";

/** For how long a toast stays, in milliseconds. What is critical stays until somebody has dealt with it. */
const STAYS: Readonly<Record<Severity, number>> = {
  info: 6000,
  success: 6000,
  warning: 10_000,
  critical: Infinity,
};
/** The least that is left to a toast that was being looked at, in milliseconds. */
const GRACE = 2000;
/** So many within so many milliseconds are a flood: who comes after them joins the crowd. */
const FLOOD = { count: 3, within: 1000 };
/** How many cards have a toast of their own. */
const MOST = 10;

const RANK: Readonly<Record<Severity, number>> = { info: 0, success: 1, warning: 2, critical: 3 };

/** One toast: of a single card, or of a crowd of which only the number is told. */
export interface Toast {
  readonly id: number;
  /** The newest of those that it stands for. */
  readonly card: Card;
  /** All that it stands for, by their cards; null: `card` alone. */
  readonly crowd: ReadonlyMap<string, Card> | null;
}

interface Entry {
  readonly id: number;
  card: Card;
  crowd: Map<string, Card> | null;
  /** When it leaves, by the stack's own clock. */
  until: number;
}

/** How serious a toast is: as serious as the worst that it stands for. */
export function severityOf({ card, crowd }: Toast): Severity {
  let worst = card.severity;
  for (const { severity } of crowd?.values() ?? []) {
    worst = RANK[severity] > RANK[worst] ? severity : worst;
  }
  return worst;
}

/**
 * Which toasts there are, and for how long. It has no timers: it is told what time it is, in milliseconds, and says
 * when it wants to be told again. Its own clock stands still while somebody looks at the toasts, or nobody can.
 */
export class ToastStack {
  readonly #entries: Entry[] = [];
  /** When non-critical cards came, those of the last moment. */
  #recent: readonly number[] = [];
  #made = 0;
  /** For how long the own clock has stood still. */
  #stood = 0;
  #pausedAt: number | null = null;

  /** Newest first; as they are now. */
  get toasts(): readonly Toast[] {
    return this.#entries.map(({ id, card, crowd }) => ({ id, card, crowd }));
  }

  get paused(): boolean {
    return this.#pausedAt !== null;
  }

  /** When the next toast leaves; null: none does by itself. */
  get due(): number | null {
    const next = Math.min(...this.#entries.map(({ until }) => until));
    return this.paused || next === Infinity ? null : next + this.#stood;
  }

  /** A card has come. A newer revision of one that is here replaces it where it stands. */
  arrive(card: Card, now: number): void {
    const until = this.#clock(now) + STAYS[card.severity];
    const known = this.#entries.find((entry) => !entry.crowd && entry.card.card === card.card);
    if (known) {
      const worse = RANK[card.severity] > RANK[known.card.severity];
      Object.assign(known, { card, until });
      // Nobody must have to look for what has become serious; but nothing moves under the pointer.
      if (worse && !this.paused) {
        this.#entries.unshift(...this.#entries.splice(this.#entries.indexOf(known), 1));
      }
      return;
    }
    const crowd = this.#entries.find((entry) => entry.crowd);
    const joined = crowd?.crowd?.has(card.card) ?? false;
    const flood = card.severity !== "critical" && (joined || this.#floods(now));
    if (flood || this.#entries.length >= MOST) {
      this.#join(crowd, card, until);
      return;
    }
    if (joined) {
      this.#leaveCrowd((each) => each.card === card.card);
    }
    this.#entries.unshift({ id: this.#made++, card, crowd: null, until });
  }

  /** Take one away. */
  dismiss(id: number): void {
    const index = this.#entries.findIndex((entry) => entry.id === id);
    if (index !== -1) {
      this.#entries.splice(index, 1);
    }
  }

  /** Take away those of cards that are dealt with: says whether there were any. */
  sweep(done: (card: Card) => boolean): boolean {
    const fewer = this.#leaveCrowd(done);
    return this.#keep(({ card, crowd }) => crowd !== null || !done(card)) || fewer;
  }

  /** Take away those whose time is over: says whether there were any. */
  expire(now: number): boolean {
    const clock = this.#clock(now);
    return this.#keep((entry) => entry.until > clock);
  }

  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  resume(now: number): void {
    if (this.#pausedAt !== null) {
      this.#stood += now - this.#pausedAt;
      this.#pausedAt = null;
      for (const entry of this.#entries) {
        entry.until = Math.max(entry.until, this.#clock(now) + GRACE);
      }
    }
  }

  clear(): void {
    this.#entries.length = 0;
    this.#recent = [];
  }

  #clock(now: number): number {
    return (this.#pausedAt ?? now) - this.#stood;
  }

  #floods(now: number): boolean {
    const recent = this.#recent.filter((time) => now - time < FLOOD.within);
    this.#recent = [...recent.slice(-FLOOD.count), now];
    return recent.length >= FLOOD.count;
  }

  #join(entry: Entry | undefined, card: Card, until: number): void {
    if (entry?.crowd) {
      entry.card = card;
      entry.crowd.set(card.card, card);
      entry.until = Math.max(entry.until, until);
    } else {
      this.#entries.unshift({ id: this.#made++, card, crowd: new Map([[card.card, card]]), until });
    }
  }

  #leaveCrowd(done: (card: Card) => boolean): boolean {
    let left = false;
    for (const entry of this.#entries) {
      const { crowd } = entry;
      for (const card of [...(crowd?.values() ?? [])].filter(done)) {
        crowd?.delete(card.card);
        left = true;
      }
      entry.card = [...(crowd?.values() ?? [])].at(-1) ?? entry.card;
    }
    return this.#keep(({ crowd }) => crowd?.size !== 0) || left;
  }

  /** Says whether any had to leave. */
  #keep(stays: (entry: Entry) => boolean): boolean {
    const kept = this.#entries.filter(stays);
    const left = kept.length < this.#entries.length;
    this.#entries.splice(0, this.#entries.length, ...kept);
    return left;
  }
}
