/**
 * What one tab shows: the client rule's view, and over it what the person has said that is not confirmed yet.
 *
 * Every tab takes the same inputs, whichever of them brought them: so all show the same. No input or output happens
 * here, and the time is given.
 */

import { UnreadCount } from "./count.ts";
import { after, COMPLETE, Horizons } from "./horizons.ts";
import type { Input, Kept } from "./input.ts";
import { News } from "./news.ts";
import { enqueue, Expectation, type Said } from "./outbox.ts";
import { View } from "./rule.ts";
import type { Card, Connection, Filter, Snapshot, Unsubscribe } from "./types.ts";
import { withdrawn, type AnyCard, type Changes, type Frame, type Mark, type Page } from "./wire.ts";

/** Cards that are held; when there are more, the older half is left to the server. */
const MOST = 10_000;
/** Milliseconds: what is older when catching up brings it is no news any more. */
const NEWS = 30_000;
/** Ids of what was settled that are remembered: tabs say again what they said a moment ago, not what they said long since. */
const SETTLED = 1_000;

export class Store {
  readonly #clock: () => number;
  #view = new View();
  /** What will be shown when the history has been loaded anew. */
  #coming: View | null = null;
  #horizons = new Horizons();
  #sync = "";
  #queue: readonly Said[] = [];
  /** Ids of what has left the queue: tabs that have not heard of it may say it again. */
  readonly #settled = new Set<string>();
  #expectation = new Expectation([]);
  #sending: () => string | null = () => null;
  /** Positions at which another device has marked cards that are unknown here, though they are above a horizon. */
  #missing = new Set<string>();
  #count = new UnreadCount();
  #touched = -Infinity;
  #loaded = false;
  #user: string | null = null;
  #connection: Connection = "closed";
  #shown: { current: readonly Card[]; expectation: Expectation; cards: readonly Card[] } | null = null;
  readonly #news: News;

  /** `clock`: as Date.now. */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
    this.#news = new News(() => this.#current());
  }

  /** What the next answer about changes is asked with; empty: the history has to be loaded first. */
  get sync(): string {
    return this.#sync;
  }

  /** Whether the history is being loaded anew. */
  get renewing(): boolean {
    return this.#coming !== null;
  }

  get queue(): readonly Said[] {
    return this.#queue;
  }

  get readUpTo(): string {
    return this.#view.readUpTo;
  }

  get snapshot(): Snapshot {
    return this.#news.snapshot;
  }

  set connection(connection: Connection) {
    this.#connection = connection;
    this.#news.changed();
  }

  set user(user: string | null) {
    this.#user = user;
    this.#news.changed();
  }

  /** Tells what is on its way to the server, and so stays in the queue. */
  set sending(sending: () => string | null) {
    this.#sending = sending;
  }

  /** When something last changed, as of the clock, by something else than an answer of the API. */
  get touched(): number {
    return this.#touched;
  }

  /** Whether the server should be asked for the unread count: what is known here does not say it. */
  get countWanted(): boolean {
    return this.#horizons.of({}) !== COMPLETE && this.#count.isDoubtful(this.#unread(), this.#allRead());
  }

  /** Of the cards that are missing in between the highest position; null: there are none. */
  get missing(): string | null {
    let highest: string | null = null;
    for (const position of this.#missing) if (highest === null || position > highest) highest = position;
    return highest;
  }

  /** When the next card expires, as of the clock. */
  get nextExpiry(): number {
    return this.#view.nextExpiry(this.#clock());
  }

  /** Time has passed: what has expired leaves the screen. */
  tick(): void {
    this.#news.changed();
  }

  find(key: string): Card | null {
    const card = this.#view.find(key);
    return card === null ? null : this.#expectation.of(card);
  }

  /** All cards that are on screen, newest first: the same array until it changes. There may be holes between them. */
  get shown(): readonly Card[] {
    const current = this.#view.current(this.#clock());
    if (this.#shown?.current !== current || this.#shown.expectation !== this.#expectation) {
      const expectation = this.#expectation;
      const cards = current.map((card) => expectation.of(card)).filter((card) => !card.archived);
      this.#shown = { current, expectation, cards };
    }
    return this.#shown.cards;
  }

  /** The position down to which a list is complete. */
  horizon(filter: Filter): string {
    return this.#horizons.of(filter);
  }

  /** The newest `at` that is known here; empty: there is no card. */
  get newest(): string {
    return this.shown.reduce((newest, card) => (card.at > newest ? card.at : newest), "");
  }

  /** Whether saying that all is read up to a moment changes more than what is known here tells. */
  reachesBeyond(upTo: string): boolean {
    const marked = (card: Card): boolean =>
      card.at <= upTo && this.#view.marks.get(card.card)?.read === false;
    return this.#count.reachesBeyond || this.#view.current(this.#clock()).some(marked);
  }

  take(input: Input): void {
    switch (input.kind) {
      case "frame":
        this.#takeFrame(input.frame);
        break;
      case "renewing":
        this.#coming = this.#view.copy();
        this.#coming.clear();
        break;
      case "abandoned":
        this.#coming = null;
        break;
      case "first":
        this.#takeFirst(input.page, input.exact);
        break;
      case "changes":
        this.#takeChanges(input.changes, input.exact);
        break;
      case "page":
        this.#takeHistory(input.page, input.exact);
        this.#horizons.extend(input.filter, input.before, input.page.next);
        break;
      case "mended":
        this.#takeHistory(input.page, input.exact);
        for (const position of this.#missing) {
          if (position < input.before && position >= (input.page.next ?? COMPLETE))
            this.#missing.delete(position);
        }
        break;
      case "said":
        if (!this.#settled.has(input.said.id)) this.#wait(enqueue(this.#queue, input.said, this.#sending()));
        break;
      case "settled":
        this.#settle(input.id, input.answer);
        break;
      case "forget":
        this.#forget();
        break;
    }
    this.#news.changed();
  }

  /** Something was missed: the history has to be loaded before changes are asked for again. */
  loseSync(): void {
    this.#sync = "";
  }

  /** All that is known, but what waits. */
  keep(): Kept | null {
    const { audiences, marks, cards, readUpTo } = this.#view;
    if (!this.#loaded || audiences === null) return null;
    // What is missing in between counts as not loaded from there on.
    const floor = this.missing === null ? COMPLETE : after(this.missing);
    const horizons = this.#horizons
      .entries()
      .map(([key, horizon]) => [key, horizon < floor ? floor : horizon] as const);
    return {
      cards: [...cards.values()],
      marks: [...marks.values()],
      readUpTo,
      audiences,
      sync: this.#sync,
      horizons,
      ...this.#count.kept,
      user: this.#user,
    };
  }

  /** Begin with what was kept, and with what waits. */
  restore(kept: Kept | null, queue: readonly Said[]): void {
    if (kept !== null) {
      this.#view = new View();
      this.#coming = null;
      this.#view.takeAnswer({ ...kept, alerts: kept.cards });
      this.#horizons.restore(kept.horizons);
      this.#missing.clear();
      this.#sync = kept.sync;
      this.#count.restore(kept);
      this.#user ??= kept.user;
      this.#loaded = true;
    }
    this.#wait(queue);
    this.#news.changed();
  }

  /** Forget whose tab this was. */
  empty(): void {
    this.#forget();
    this.#user = null;
    this.#loaded = false;
    this.#news.changed();
  }

  observe(listener: (snapshot: Snapshot) => void): Unsubscribe {
    return this.#news.observe(listener);
  }

  /** Called when cards may have changed, once in a turn of the event loop. */
  observeCards(listener: () => void): Unsubscribe {
    return this.#news.observeCards(listener);
  }

  onArrival(listener: (card: Card) => void): Unsubscribe {
    return this.#news.onArrival(listener);
  }

  #takeFrame(frame: Frame): void {
    const before = this.#view.readUpTo;
    if (frame.type === "audiences") {
      if (frame.erased) this.#forget();
      return;
    }
    this.#coming?.takeFrame(frame);
    const fresh = this.#view.takeFrame(frame);
    this.#touched = this.#clock();
    if (frame.type === "marks") this.#lookForMissing(frame.marks);
    this.#readUpToMoved(before);
    this.#doubtCount(fresh);
    this.#arrived(fresh);
    this.#trim();
  }

  #takeFirst(page: Page, exact: boolean): void {
    if (this.#coming === null) this.#view.clear();
    else this.#view = this.#coming;
    this.#coming = null;
    this.#view.takeAnswer(page);
    this.#horizons.reset(page.next);
    this.#missing.clear();
    this.#sync = page.sync;
    this.#count.answered(page.unread, this.#known(), { exact, anew: true });
    this.#loaded = true;
  }

  #takeChanges(changes: Changes, exact: boolean): void {
    const before = this.#view.readUpTo;
    this.#coming?.takeAnswer(changes);
    const fresh = this.#view.takeAnswer(changes);
    this.#lookForMissing(changes.marks);
    this.#readUpToMoved(before);
    this.#doubtCount(fresh);
    this.#sync = changes.sync;
    if (!changes.more) this.#count.answered(changes.unread, this.#known(), { exact });
    const since = this.#clock() - NEWS;
    this.#arrived(fresh.filter((card) => !withdrawn(card) && Date.parse(card.at) >= since));
  }

  #takeHistory(page: Page, exact: boolean): void {
    const before = this.#view.readUpTo;
    const known = this.#known();
    this.#coming?.takeAnswer(page);
    this.#view.takeAnswer(page);
    this.#readUpToMoved(before);
    this.#count.broughtIn(this.#known() - known);
    this.#count.answered(page.unread, this.#known(), { exact });
  }

  #settle(id: string, answer: Mark | { readonly readUpTo: string } | null): void {
    if (answer !== null) {
      const before = this.#view.readUpTo;
      const [marks, readUpTo] = "card" in answer ? [[answer], ""] : [[], answer.readUpTo];
      this.#coming?.takeFrame({ type: "marks", marks, readUpTo });
      this.#view.takeFrame({ type: "marks", marks, readUpTo });
      this.#readUpToMoved(before);
    }
    this.#touched = this.#clock();
    this.#settled.add(id);
    const [oldest] = this.#settled;
    if (oldest !== undefined && this.#settled.size > SETTLED) this.#settled.delete(oldest);
    this.#wait(this.#queue.filter((said) => said.id !== id));
  }

  #wait(queue: readonly Said[]): void {
    if (queue === this.#queue) return;
    this.#queue = queue;
    this.#expectation = new Expectation(queue);
  }

  #forget(): void {
    this.#coming = null;
    this.#view.forget();
    this.#horizons = new Horizons();
    this.#missing.clear();
    this.#sync = "";
    this.#count = new UnreadCount();
    this.#wait([]);
  }

  #readUpToMoved(before: string): void {
    if (this.#view.readUpTo === before) return;
    this.#horizons.readUpToMoved();
    this.#count.doubt();
  }

  /** A page that is left open for weeks does not hold all that ever came. */
  #trim(): void {
    if (this.#view.cards.size <= MOST) return;
    const known = this.#known();
    this.#horizons.raise(this.#view.trim(MOST / 2));
    this.#count.letGo(known - this.#known());
  }

  #lookForMissing(marks: readonly Mark[]): void {
    for (const mark of marks) {
      const known = this.#view.cards.get(mark.card);
      // Of a card that was archived when the history was loaded no more is known than that it is gone.
      if (known !== undefined && !(withdrawn(known) && known.position === mark.position)) continue;
      this.#count.doubt(mark.read === false);
      if (!mark.archived && mark.position >= this.#horizons.lowest) this.#missing.add(mark.position);
    }
  }

  /** A revision or the withdrawal of a card that the server had counted and that was not known here. */
  #doubtCount(fresh: readonly AnyCard[]): void {
    const revised = (card: AnyCard): boolean => withdrawn(card) || card.thread !== undefined;
    if (fresh.some(revised)) this.#count.doubt();
  }

  /** How many of the cards that are known here are unread, as far as the server knows. */
  #known(): number {
    return this.#view.unread(this.#clock());
  }

  /** How many of the cards that are known here are unread. */
  #unread(): number {
    return this.shown.reduce((count, card) => (card.read ? count : count + 1), 0);
  }

  #allRead(): boolean {
    return this.#queue.some((said) => "upTo" in said);
  }

  #arrived(fresh: readonly AnyCard[]): void {
    const now = this.#clock();
    for (const { card: key } of fresh) {
      const card = this.find(key);
      if (card === null || card.read || card.archived) continue;
      if (card.expiresAt !== undefined && Date.parse(card.expiresAt) <= now) continue;
      this.#news.arrived(card);
    }
  }

  #current(): Snapshot {
    return {
      connection: this.#connection,
      unread: this.#count.total(this.#unread(), this.#allRead() || this.#horizons.of({}) === COMPLETE),
      loaded: this.#loaded,
      queued: this.#queue.length,
      user: this.#user,
    };
  }
}
