/** Our own seams, on hand for tests: a server of one person's inbox, and browsers whose tabs see each other. */

import type { Connect, LineListener } from "../src/pubsub.ts";
import type { Browser, Channel } from "../src/tabs.ts";
import type { Card } from "../src/types.ts";
import type { AnyCard, Audiences, Frame, Mark } from "../src/wire.ts";
import { withdrawn } from "../src/wire.ts";

/** A card as the server sends it, the n-th. */
export function card(number: number, fields: Partial<Card> = {}): Card {
  const key = fields.card ?? `card-${number}`;
  return {
    card: key,
    id: key,
    audience: "user:ada",
    position: position(number),
    at: at(number),
    read: false,
    archived: false,
    title: `Number ${number}`,
    body: "",
    severity: "info",
    ...fields,
  };
}

const START = Date.parse("2026-03-01T12:00:00Z");

export function position(number: number): string {
  return `${String(START + number * 1000).padStart(13, "0")}-${String(number).padStart(19, "0")}`;
}

/** When the n-th card was stored. */
export function at(number: number): string {
  return new Date(START + number * 1000).toISOString();
}

/** A request that the server got. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** Belfry's server as one person sees it: the HTTP API as a `fetch`, the live connection as a `Connect`. */
export class Server {
  user = "ada";
  readonly requests: Asked[] = [];
  readonly cards = new Map<string, AnyCard>();
  readonly marks = new Map<string, Mark>();
  readUpTo = "";
  audiences: Audiences = { "user:ada": null };
  /** Which token it accepts; null: any. */
  token: string | null = null;
  /** How it does not answer: not at all, or with a status and code. */
  fault: "down" | { readonly status: number; readonly code: string } | null = null;
  /** Whether live connections can be made. */
  live = true;
  /** Whether frames are lost. */
  quiet = false;
  #held: Promise<void> | null = null;
  readonly #log: { readonly kind: "card" | "mark"; readonly key: string }[] = [];
  /** Sync tokens from before this are refused. */
  #forgotten = 0;
  readonly #lines = new Set<{ listener: LineListener; end: () => void }>();

  get connections(): number {
    return this.#lines.size;
  }

  /** Store cards, and tell those who are connected. */
  send(...cards: AnyCard[]): void {
    this.store(...cards);
    this.frame({ type: "alerts", alerts: cards });
  }

  /** Store cards, and tell nobody: catching up has to bring them. */
  store(...cards: AnyCard[]): void {
    for (const card of cards) {
      this.cards.set(card.card, card);
      this.#log.push({ kind: "card", key: card.card });
    }
  }

  /** The person has marked a card on another device. */
  mark(key: string, said: { read?: boolean; archived?: boolean }): Mark {
    const current = this.cards.get(key);
    if (current === undefined) throw new Error(`no card ${key}`);
    const known = this.marks.get(key);
    const about = known?.position === current.position ? known : null;
    const mark: Mark = {
      card: key,
      position: current.position,
      version: (known?.version ?? 0) + 1,
      read: said.read ?? about?.read ?? null,
      archived: said.archived ?? about?.archived ?? false,
    };
    this.marks.set(key, mark);
    this.#log.push({ kind: "mark", key });
    this.frame({ type: "marks", marks: [mark], readUpTo: this.readUpTo });
    return mark;
  }

  markAll(upTo: string): void {
    this.readUpTo = upTo > this.readUpTo ? upTo : this.readUpTo;
    const marks = [...this.marks.values()]
      .filter((mark) => mark.read === false && this.#at(mark.card) <= this.readUpTo)
      .map((mark) => ({ ...mark, read: true, version: mark.version + 1 }));
    for (const mark of marks) {
      this.marks.set(mark.card, mark);
      this.#log.push({ kind: "mark", key: mark.card });
    }
    this.frame({ type: "marks", marks, readUpTo: this.readUpTo });
  }

  frame(frame: Frame): void {
    if (this.quiet) return;
    const text = JSON.stringify(frame);
    for (const { listener } of [...this.#lines])
      listener.onFrame(JSON.parse(text) as Record<string, unknown>);
  }

  /** Break all live connections. */
  cut(): void {
    for (const line of [...this.#lines]) line.end();
  }

  /** Answers are ready, but do not get through from now on; until what is returned is called. */
  hold(): () => void {
    let free: () => void = () => undefined;
    this.#held = new Promise((resolve) => {
      free = resolve;
    });
    return () => {
      this.#held = null;
      free();
    };
  }

  /** What came until now is answered with 410. */
  expireSyncs(): void {
    this.#forgotten = this.#log.length + 1;
  }

  /** The cards that the person sees, newest first. */
  shown(): Card[] {
    return [...this.cards.values()]
      .flatMap((card) => (withdrawn(card) ? [] : [this.#seen(card)]))
      .filter((card) => !card.archived)
      .sort((one, other) => (one.position < other.position ? 1 : -1));
  }

  unread(): number {
    return Math.min(this.shown().filter((card) => !card.read).length, 100);
  }

  readonly connect: Connect = async (_address, listener) => {
    await Promise.resolve();
    if (!this.live) throw new Error("no live connection");
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const line = {
      listener,
      end: () => {
        this.#lines.delete(line);
        end();
      },
    };
    this.#lines.add(line);
    return { ended, close: line.end };
  };

  readonly fetch: typeof fetch = async (input, init = {}) => {
    await Promise.resolve();
    const url = new URL(input instanceof Request ? input.url : input, "http://localhost");
    const path = url.pathname.replace(/^\/api/, "");
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : {};
    const request: Asked = { method: init.method ?? "GET", path, query: url.searchParams, body };
    this.requests.push(request);
    if (this.fault === "down") throw new TypeError("Failed to fetch");
    if (this.fault !== null) return problem(this.fault.status, this.fault.code);
    const bearer = new Headers(init.headers).get("Authorization");
    if (this.token !== null && bearer !== `Bearer ${this.token}`) return problem(401, "unauthenticated");
    const answer = this.#answer(request);
    await this.#held;
    return answer;
  };

  #answer({ method, path, query, body }: Asked): Response {
    const key = decodeURIComponent(path.replace("/alerts/", ""));
    switch (`${method} ${path}`) {
      case "POST /negotiate":
        return json({ url: "ws://localhost", user: this.user, audiences: Object.keys(this.audiences) });
      case "GET /alerts":
        return json(this.#history(query));
      case "GET /alerts/changes":
        return this.#changes(Number(query.get("since")));
      case "POST /alerts/read":
        this.markAll(String(body.upTo));
        return json({ readUpTo: this.readUpTo });
      case "DELETE /me":
        this.cards.clear();
        this.marks.clear();
        this.readUpTo = "";
        this.frame({ type: "audiences", erased: true });
        return new Response(null, { status: 204 });
    }
    if (method !== "PATCH") return problem(404, "not-found");
    const current = this.cards.get(key);
    if (current === undefined || withdrawn(current)) return problem(404, "card-not-found");
    if (body.position !== undefined && body.position !== current.position)
      return problem(409, "card-revised");
    return json(this.mark(key, body));
  }

  #history(query: URLSearchParams): unknown {
    const before = query.get("before") ?? "~";
    const limit = Number(query.get("limit") ?? 20);
    const unread = query.get("unread");
    const severities = query.get("severity")?.split(",");
    const categories = query.get("category")?.split(",");
    const found = this.shown().filter(
      (card) =>
        card.position < before &&
        (unread === null || card.read === (unread === "false")) &&
        (severities?.includes(card.severity) ?? true) &&
        (categories?.includes(card.category ?? "") ?? true),
    );
    const alerts = found.slice(0, limit);
    return {
      ...this.#rest(),
      alerts,
      next: found.length > limit ? alerts.at(-1)?.position : null,
      marks: alerts.flatMap((card) => this.marks.get(card.card) ?? []),
    };
  }

  #changes(since: number): Response {
    if (since < this.#forgotten) return problem(410, "sync-expired");
    const changed = this.#log.slice(since - 1);
    const keys = (kind: "card" | "mark"): string[] => [
      ...new Set(changed.filter((change) => change.kind === kind).map((change) => change.key)),
    ];
    const alerts = keys("card").flatMap((key) => this.cards.get(key) ?? []);
    const marked = new Set([...keys("mark"), ...alerts.map((card) => card.card)]);
    return json({
      ...this.#rest(),
      alerts: alerts.map((card) => (withdrawn(card) ? card : this.#seen(card))),
      marks: [...marked].flatMap((key) => this.marks.get(key) ?? []),
      more: false,
    });
  }

  #rest(): object {
    return {
      readUpTo: this.readUpTo,
      unread: this.unread(),
      audiences: this.audiences,
      sync: String(this.#log.length + 1),
    };
  }

  #seen(card: Card): Card {
    const mark = this.marks.get(card.card);
    const about = mark?.position === card.position ? mark : null;
    return { ...card, read: about?.read ?? card.at <= this.readUpTo, archived: about?.archived ?? false };
  }

  #at(key: string): string {
    const card = this.cards.get(key);
    return card === undefined || withdrawn(card) ? "~" : card.at;
  }
}

/** A browser; its tabs share locks and channels. */
export class FakeBrowser {
  /** Whether messages between tabs are lost, as while a tab is frozen: all, or those of one kind. */
  deaf: boolean | string = false;
  /** Of what kinds the messages were that tabs have posted, and those that were lost. */
  readonly posted: string[] = [];
  readonly lost: string[] = [];
  readonly #channels = new Map<string, Set<Channel>>();
  readonly #locks = new Map<string, { holder: Holder | null; line: Holder[] }>();

  /** One more tab. */
  tab(): Browser {
    return {
      locks: { request: this.#request as LockManager["request"] },
      openChannel: (name) => this.#open(name),
      page: { visible: true, onWake: () => () => undefined, onLeave: () => () => undefined },
      now: () => Date.now(),
      after: (milliseconds, callback) => {
        const timer = setTimeout(callback, milliseconds);
        return () => {
          clearTimeout(timer);
        };
      },
      every: () => () => undefined,
    };
  }

  #open(name: string): Channel {
    const channels = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, channels);
    const channel: Channel = {
      onmessage: null,
      postMessage: (message: unknown) => {
        const kind = kindOf(message);
        this.posted.push(kind);
        if (this.deaf === true || this.deaf === kind) {
          this.lost.push(kind);
          return;
        }
        const text = JSON.stringify(message);
        for (const other of channels) {
          if (other === channel) continue;
          setTimeout(() => {
            if (!channels.has(other)) return;
            const event = { data: JSON.parse(text) as unknown } as MessageEvent;
            other.onmessage?.call(other as BroadcastChannel, event);
          });
        }
      },
      close: () => {
        channels.delete(channel);
      },
    };
    channels.add(channel);
    return channel;
  }

  readonly #request = (
    name: string,
    options: LockOptions,
    granted: LockGrantedCallback<unknown>,
  ): Promise<unknown> => {
    const lock = this.#locks.get(name) ?? { holder: null, line: [] };
    this.#locks.set(name, lock);
    return new Promise((resolve, reject) => {
      const holder: Holder = { granted, resolve, reject };
      if (lock.holder === null) this.#grant(name, holder);
      else if (options.ifAvailable) void Promise.resolve(granted(null)).then(resolve, reject);
      else {
        lock.line.push(holder);
        options.signal?.addEventListener("abort", () => {
          if (!lock.line.includes(holder)) return;
          lock.line.splice(lock.line.indexOf(holder), 1);
          reject(new DOMException("withdrawn", "AbortError"));
        });
      }
    });
  };

  #grant(name: string, holder: Holder): void {
    const lock = this.#locks.get(name);
    if (lock === undefined) return;
    lock.holder = holder;
    void Promise.resolve(holder.granted({ name, mode: "exclusive" })).then((value) => {
      holder.resolve(value);
      lock.holder = null;
      const next = lock.line.shift();
      if (next !== undefined) this.#grant(name, next);
    }, holder.reject);
  }
}

interface Holder {
  readonly granted: LockGrantedCallback<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Tabs wrap what their owners post: the kind of that, where there is any. */
function kindOf(message: unknown): string {
  const { kind, message: inner } = message as { kind: string; message?: { kind: string } };
  return inner?.kind ?? kind;
}

function json(content: unknown): Response {
  return Response.json(content);
}

function problem(status: number, code: string): Response {
  return Response.json({ status, code, detail: `${code}.` }, { status });
}
