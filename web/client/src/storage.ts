/**
 * What is known, kept on this device: a database for each API and person, so that nobody is shown what is another's.
 *
 * It is a cache of the server but for what waits to be sent. When it is missing, full or broken, the client works
 * without, and says so once.
 */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";

import { newId } from "./ids.ts";
import type { Said } from "./outbox.ts";
import type { Kept } from "./input.ts";
import { withdrawn, type AnyCard, type Mark } from "./wire.ts";

/** How often it is looked whether the database has answered, and at what interval, in milliseconds. */
const LOOKS = 10;
const LOOK = 500;
/** Milliseconds after which one that failed is opened anew. */
const AGAIN = 300;
/** Cards that are kept: the newest. */
const CARDS = 1_000;
const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();
/** Raise it when what is kept changes its shape; see `upgrade`. */
const VERSION = 1;

/** All that is kept but cards, marks and what waits. */
type Rest = Omit<Kept, "cards" | "marks"> & {
  /** Whose writing this is: who finds another's here does not lead any more. */
  readonly writer: string;
};

interface Schema extends DBSchema {
  cards: { key: string; value: AnyCard };
  marks: { key: string; value: Mark };
  rest: { key: "rest"; value: Rest };
  /** In the order in which it was said. */
  waiting: { key: number; value: Said; indexes: { id: string } };
}

type Database = IDBPDatabase<Schema>;

function upgrade(database: Database, from: number): void {
  // What the server has, too, is made anew whenever its shape changes. Only what waits has to be carried over.
  if (from < 1) {
    database.createObjectStore("cards", { keyPath: "card" });
    database.createObjectStore("marks", { keyPath: "card" });
    database.createObjectStore("rest");
    database.createObjectStore("waiting", { autoIncrement: true }).createIndex("id", "id", { unique: true });
  }
}

export class Storage {
  readonly #name: string;
  #opening: Promise<Database | null> | null = null;
  #broken = false;
  /** As it was last written here: what is still the same object need not be written again. */
  #cards = new Map<string, AnyCard>();
  #marks = new Map<string, Mark>();
  #writer: string | null = null;
  /** Whose writing is there, if nobody else has written since. */
  #written: string | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(name: string) {
    this.#name = name;
  }

  /** Whether nothing can be kept, as far as is known. */
  get broken(): boolean {
    return this.#broken;
  }

  /** What was kept, and what waits, the earliest first. */
  async load(): Promise<{ kept: Kept | null; waiting: readonly Said[] }> {
    const loaded = await this.#use(async (database) => {
      const transaction = database.transaction(["cards", "marks", "rest", "waiting"]);
      const [cards, marks, rest, waiting] = await Promise.all([
        transaction.objectStore("cards").getAll(),
        transaction.objectStore("marks").getAll(),
        transaction.objectStore("rest").get("rest"),
        transaction.objectStore("waiting").getAll(),
        transaction.done,
      ]);
      return { kept: rest === undefined ? null : { ...rest, cards, marks }, waiting };
    });
    return loaded ?? { kept: null, waiting: [] };
  }

  /** What waits, the earliest first. */
  async waiting(): Promise<readonly Said[]> {
    return (await this.#use((database) => database.getAll("waiting"))) ?? [];
  }

  /** From now on this tab writes what is known; what others wrote is replaced as a whole. */
  lead(): void {
    this.#writer = newId();
  }

  /** Another tab writes from now on. */
  follow(): void {
    this.#writer = null;
  }

  /**
   * Keep what is known, in one transaction: so the sync token is never newer than the cards.
   *
   * Only the tab that leads does. One that was put to sleep while it led may wake up late and not know yet that it
   * does not lead any more: it finds another's writing, and leaves it alone.
   */
  async write(kept: Kept): Promise<void> {
    const writer = this.#writer;
    if (writer === null) return;
    this.#writing = this.#writing.then(() => this.#write(bounded(kept), writer));
    await this.#writing;
  }

  /** Something was said, in any tab. */
  async say(said: Said): Promise<void> {
    await this.#use(async (database) => {
      const transaction = database.transaction("waiting", "readwrite");
      const known = await transaction.store.index("id").getKey(said.id);
      await transaction.store.put(said, known);
      await transaction.done;
    });
  }

  /** It was settled, or something said later made it superfluous. */
  async unsay(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#use(async (database) => {
      const transaction = database.transaction("waiting", "readwrite");
      const { store } = transaction;
      for (const id of ids) {
        const key = await store.index("id").getKey(id);
        if (key !== undefined) await store.delete(key);
      }
      await transaction.done;
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    const opening = this.#opening;
    this.#opening = null;
    (await opening)?.close();
  }

  /** Delete all of it. Other tabs that have it open let go of it. */
  async remove(): Promise<void> {
    this.follow();
    await this.close();
    // Also if it is broken: what was written before is still there.
    try {
      await inTime(deleteDB(this.#name));
    } catch (error) {
      this.#breakWith(error);
    }
  }

  async #write(kept: Kept, writer: string): Promise<void> {
    const cards = new Map(kept.cards.map((card) => [card.card, card]));
    const marks = new Map(kept.marks.map((mark) => [mark.card, mark]));
    const { readUpTo, audiences, sync, horizons, beyond, many, user } = kept;
    const rest: Rest = { readUpTo, audiences, sync, horizons, beyond, many, user, writer };
    await this.#use(async (database) => {
      const transaction = database.transaction(["cards", "marks", "rest"], "readwrite");
      const inRest = transaction.objectStore("rest");
      const inCards = transaction.objectStore("cards");
      const inMarks = transaction.objectStore("marks");
      const anew = this.#written !== writer;
      if (!anew && (await inRest.get("rest"))?.writer !== writer) return;
      if (anew) await Promise.all([inCards.clear(), inMarks.clear()]);
      await Promise.all([
        ...difference(anew ? NOTHING : this.#cards, cards).map((key) => put(inCards, key, cards.get(key))),
        ...difference(anew ? NOTHING : this.#marks, marks).map((key) => put(inMarks, key, marks.get(key))),
      ]);
      await inRest.put(rest, "rest");
      await transaction.done;
      this.#cards = cards;
      this.#marks = marks;
      this.#written = writer;
    });
  }

  /** Do something with the database, and the same again if it fails; null where there is none. */
  async #use<T>(work: (database: Database) => Promise<T>): Promise<T | null> {
    if (this.#broken) return null;
    const opening = (this.#opening ??= this.#open());
    try {
      return await done(work, opening);
    } catch (error) {
      if (error instanceof Late) return this.#breakWith(error);
      // The browser has closed it, as that of a phone does to pages that nobody sees; or, in Safari, the process has ended
      // that it was in. That takes a moment to come back.
      if (!isClosed(error)) await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
    // Unless somebody else has noticed it before.
    if (this.#opening === opening) this.#opening = null;
    void opening.then((database) => database?.close());
    if (this.broken) return null;
    try {
      return await done(work, (this.#opening ??= this.#open()));
    } catch (error) {
      return this.#breakWith(error);
    }
  }

  async #open(): Promise<Database | null> {
    try {
      const opening = openDB<Schema>(this.#name, VERSION, {
        upgrade,
        // Somebody wants to delete it, or a newer version of this client to change it.
        blocking: (_current, _wanted, event) => {
          (event.target as IDBDatabase).close();
          this.#broken = true;
        },
        terminated: () => {
          this.#opening = null;
        },
      });
      return await inTime(opening, (late) => {
        late.close();
      });
    } catch (error) {
      return this.#breakWith(error);
    }
  }

  #breakWith(error: unknown): null {
    if (!this.#broken) console.warn("belfry: keeps nothing on this device, and works without", error);
    this.#broken = true;
    return null;
  }
}

/** As much of it as is kept: the newest cards, and the marks about them. */
function bounded(kept: Kept): Kept {
  const marksOf = (cards: readonly AnyCard[]): Mark[] => {
    const keys = new Set(cards.map((card) => card.card));
    return kept.marks.filter((mark) => keys.has(mark.card));
  };
  if (kept.cards.length <= CARDS) return { ...kept, marks: marksOf(kept.cards) };
  const sorted = [...kept.cards].sort((one, other) => (one.position < other.position ? 1 : -1));
  const cards = sorted.slice(0, CARDS);
  const lowest = cards.at(-1)?.position ?? "";
  const horizons = kept.horizons.map(([key, horizon]) => [key, horizon < lowest ? lowest : horizon] as const);
  const cut = sorted.slice(CARDS).filter((card) => !withdrawn(card) && !card.read).length;
  return { ...kept, cards, marks: marksOf(cards), horizons, beyond: kept.beyond + cut };
}

/** The keys whose value differs. */
function difference<T>(before: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>): string[] {
  const changed = [...now.keys()].filter((key) => now.get(key) !== before.get(key));
  return [...changed, ...[...before.keys()].filter((key) => !now.has(key))];
}

interface Puts<T> {
  put(value: T): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

async function put<T>(store: Puts<T>, key: string, value: T | undefined): Promise<void> {
  await (value === undefined ? store.delete(key) : store.put(value));
}

async function done<T>(
  work: (database: Database) => Promise<T>,
  opening: Promise<Database | null>,
): Promise<T | null> {
  const database = await opening;
  return database === null ? null : inTime(work(database));
}

/** The database does not answer. */
class Late extends Error {
  override readonly name = "Late";
}

/**
 * What the database answers; rejects with `Late` where it does not. A tab that is frozen and has it open does not let go of
 * it: nobody can delete it then, nor open it after that. And browsers have hung.
 *
 * @param late - called with the answer if it comes all the same.
 */
async function inTime<T>(work: Promise<T>, late?: (answer: T) => void): Promise<T> {
  let looking: ReturnType<typeof setInterval> | undefined;
  const over = new Promise<never>((_, reject) => {
    let looks = 0;
    // Not one long wait: of a page that sleeps meanwhile, that is over before the answer can be read.
    looking = setInterval(() => {
      looks += 1;
      if (looks < LOOKS) return;
      void work.then(late, () => undefined);
      reject(new Late("The database does not answer."));
    }, LOOK);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearInterval(looking);
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof DOMException && error.name === "InvalidStateError";
}
