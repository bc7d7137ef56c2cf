/**
 * The client rule: how history, frames and changes become what a person sees. Pure, and the same in every client;
 * `belfry/rule.py` is the same in Python, and both are held to the same stories.
 *
 * Cards are keyed by `card`, and the higher position wins; marks too, and of two about the same revision the later one.
 * Cards of audiences that the person does not belong to, or did not yet when they were stored, are left out. So it does
 * not matter in which order things arrive, nor how often. Only what is gone without a trace (too old, erased, no longer
 * for the person) takes a fresh start: `clear`, and load the history again.
 */

import { Shelf } from "./shelf.ts";
import type { Card } from "./types.ts";
import { withdrawn, type AnyCard, type Answer, type Audiences, type Frame, type Mark } from "./wire.ts";

/** How a person sees a card. */
export interface State {
  readonly read: boolean;
  readonly archived: boolean;
}

/** After every moment. */
const NEVER = "~";

/** What one client knows of one person's inbox. */
export class View {
  /** As they came, by key; of a withdrawn alert a card with `retracted`. */
  protected readonly known = new Map<string, AnyCard>();
  protected readonly said = new Map<string, Mark>();
  #readUpTo = "";
  #audiences: Audiences | null = null;
  #shelf = new Shelf();
  #shown: { readonly from: readonly Card[]; readonly cards: readonly Card[] } | null = null;

  get cards(): ReadonlyMap<string, AnyCard> {
    return this.known;
  }

  get marks(): ReadonlyMap<string, Mark> {
    return this.said;
  }

  get readUpTo(): string {
    return this.#readUpTo;
  }

  /** What the person belongs to, and since when; null: not known yet. */
  get audiences(): Audiences | null {
    return this.#audiences;
  }

  /**
   * Take the cards off the screen, before the history is loaded anew.
   *
   * What was withdrawn or marked stays known, for a frame from before may still be on its way. What the person belongs
   * to does not, for a frame for an audience that is new may come before the history that says so.
   */
  clear(): void {
    this.#audiences = null;
    for (const card of [...this.known.values()]) if (!withdrawn(card)) this.drop(card.card);
  }

  /** Forget everything: the person had all of it erased. */
  forget(): void {
    this.known.clear();
    this.said.clear();
    this.#readUpTo = "";
    this.#shelf = new Shelf();
    this.#shown = null;
  }

  /** Let go of all cards but the newest, and of what is known about them. Returns the lowest position that is left. */
  trim(count: number): string {
    const sorted = [...this.known.values()].sort((one, other) => (one.position < other.position ? 1 : -1));
    for (const { card } of sorted.slice(count)) {
      this.drop(card);
      this.said.delete(card);
    }
    return sorted[count - 1]?.position ?? "";
  }

  /** The same once more, to go another way from here. */
  copy(): View {
    const view = new View();
    view.#audiences = this.#audiences;
    view.takeMarks(this.said.values(), this.#readUpTo);
    view.takeCards(this.known.values());
    return view;
  }

  /**
   * Take in a page of the history, or an answer about changes.
   *
   * Returns the cards that are new, or newer than what was known.
   */
  takeAnswer(answer: Pick<Answer, "alerts" | "marks" | "readUpTo" | "audiences" | "gone">): AnyCard[] {
    if (this.#audiences === null || !sameAudiences(answer.audiences, this.#audiences)) {
      this.#audiences = answer.audiences;
      for (const card of [...this.known.values()]) if (!this.concerns(card)) this.drop(card.card);
    }
    this.takeMarks(answer.marks, answer.readUpTo);
    // What is gone has to be known as well: a frame that brings it may still be on its way.
    this.takeCards(answer.gone ?? []);
    return this.takeCards(answer.alerts);
  }

  /** Take in a live frame; those of a type that is not known here are left alone. Returns as `takeAnswer` does. */
  takeFrame(frame: Frame | { readonly type?: never }): AnyCard[] {
    switch (frame.type) {
      case "alerts":
        return this.takeCards(frame.alerts);
      case "marks":
        this.takeMarks(frame.marks, frame.readUpTo);
        return [];
      case "audiences":
      case undefined:
      default:
        return [];
    }
  }

  /** The cards that are on screen, newest first, with `read` and `archived` as they are now. `now`: as of Date.now. */
  shown(now: number): readonly Card[] {
    const current = this.current(now);
    if (this.#shown?.from !== current) {
      this.#shown = { from: current, cards: current.filter((card) => !card.archived) };
    }
    return this.#shown.cards;
  }

  /** How many of them are unread. */
  unread(now: number): number {
    return this.shown(now).reduce((count, card) => (card.read ? count : count + 1), 0);
  }

  /** As `shown`, with what is archived: all that is neither withdrawn nor expired. The same array until it changes. */
  current(now: number): readonly Card[] {
    return this.#shelf.current(now);
  }

  /** When the next card expires, as of Date.now; infinity: none will. */
  nextExpiry(now: number): number {
    return this.#shelf.nextExpiry(now);
  }

  /** A card with `read` and `archived` as they are now, unless it was withdrawn. */
  find(key: string): Card | null {
    return this.#shelf.get(key);
  }

  protected takeCards(cards: Iterable<AnyCard>): AnyCard[] {
    const fresh: AnyCard[] = [];
    for (const card of cards) {
      if (!this.concerns(card)) continue;
      const known = this.known.get(card.card);
      if (known === undefined || known.position < card.position) fresh.push(card);
      if (known === undefined || newer(card, known)) {
        this.known.set(card.card, card);
        this.#place(card);
      }
    }
    return fresh;
  }

  protected takeMarks(marks: Iterable<Mark>, readUpTo: string): void {
    for (const mark of marks) {
      const other = this.said.get(mark.card);
      if (other === undefined || supersedes(mark, other)) {
        this.said.set(mark.card, mark);
        const card = this.known.get(mark.card);
        if (card !== undefined) this.#place(card);
      }
    }
    this.moveReadUpTo(readUpTo > this.#readUpTo ? readUpTo : this.#readUpTo);
  }

  protected moveReadUpTo(moment: string): void {
    if (moment === this.#readUpTo) return;
    this.#readUpTo = moment;
    for (const card of this.known.values()) this.#place(card);
  }

  protected drop(key: string): void {
    this.known.delete(key);
    this.#shelf.remove(key);
  }

  protected concerns(card: AnyCard): boolean {
    if (this.#audiences === null || withdrawn(card)) return true;
    const since = Object.hasOwn(this.#audiences, card.audience) ? this.#audiences[card.audience] : NEVER;
    return since === null || since === undefined || card.at >= since;
  }

  protected stateOf(card: Card): State {
    const unmarked = card.at <= this.#readUpTo;
    const mark = this.said.get(card.card);
    if (mark?.position !== card.position) return { read: unmarked, archived: false };
    return { read: mark.read ?? unmarked, archived: mark.archived ?? false };
  }

  #place(card: AnyCard): void {
    if (withdrawn(card)) this.#shelf.remove(card.card);
    else this.#shelf.put(inState(card, this.stateOf(card)));
  }
}

/** The card in a state: itself where it is in it already. */
export function inState(card: Card, { read, archived }: State): Card {
  return card.read === read && card.archived === archived ? card : { ...card, read, archived };
}

/** Copies of one revision for several audiences may have been stored at different times: the last one counts. */
function newer(card: AnyCard, known: AnyCard): boolean {
  if (card.position !== known.position) return card.position > known.position;
  return moment(card) > moment(known);
}

function moment(card: AnyCard): string {
  return withdrawn(card) ? "" : card.at;
}

/** Whether a mark counts, and not another one about the same card. */
function supersedes(mark: Mark, other: Mark): boolean {
  if (mark.position !== other.position) return mark.position > other.position;
  return mark.version > other.version;
}

function sameAudiences(left: Audiences, right: Audiences): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && left[name] === right[name])
  );
}
