import { LitElement, type PropertyDeclarations } from "lit";
import type { BelfryClient, Snapshot, Unsubscribe } from "@belfry/client";
import { onSpeechChange, speechAt, type Speech, type Texts } from "./texts/index.ts";

let pageClient: BelfryClient | null = null;
const connected = new Set<BelfryElement>();

/** The client of all elements of the page that were not given one of their own. */
export function useBelfry(client: BelfryClient | null): void {
  pageClient = client;
  for (const element of connected) {
    element.clientMayHaveChanged();
  }
}

/** The elements of one kind that are on the page, in whatever shadow root they stand. */
export function connectedElements<K extends keyof HTMLElementTagNameMap>(
  name: K,
): HTMLElementTagNameMap[K][] {
  const elements: readonly Element[] = [...connected];
  return elements.filter((element): element is HTMLElementTagNameMap[K] => element.localName === name);
}

const NOTHING: Snapshot = { connection: "closed", unread: 0, loaded: false, queued: 0, user: null };

/** What all elements have: a client, which they watch while they are on the page, and a language. */
export abstract class BelfryElement extends LitElement {
  static override properties: PropertyDeclarations = { belfry: { attribute: false, noAccessor: true } };

  #own: BelfryClient | null = null;
  #watched: BelfryClient | null = null;
  #subscriptions: readonly Unsubscribe[] = [];
  #speech: Speech | null = null;
  #speechChanges: Unsubscribe | null = null;

  /** Whose alerts are shown: a client of its own, or the page's. */
  get belfry(): BelfryClient | null {
    return this.#own ?? pageClient;
  }

  set belfry(client: BelfryClient | null) {
    this.#own = client;
    this.clientMayHaveChanged();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    connected.add(this);
    this.#speech = null;
    this.#speechChanges = onSpeechChange(() => {
      this.#speech = null;
      this.requestUpdate();
    });
    this.clientMayHaveChanged();
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    connected.delete(this);
    this.#speechChanges?.();
    this.#speechChanges = null;
    this.#stopWatching();
  }

  /** For `useBelfry`; harmless at any time. */
  clientMayHaveChanged(): void {
    const client = this.isConnected ? this.belfry : null;
    if (client !== this.#watched) {
      this.#stopWatching();
      this.#watched = client;
      this.#subscriptions = client ? this.watch(client) : [];
      this.requestUpdate();
    }
  }

  /**
   * Begin to watch a client; what is returned is called when the element leaves the page or gets another client.
   * An element that needs more than snapshots adds to what this returns.
   */
  protected watch(client: BelfryClient): readonly Unsubscribe[] {
    return [
      client.observe(() => {
        this.requestUpdate();
      }),
    ];
  }

  /** What the client knows now; without a client, nothing. */
  protected get snapshot(): Snapshot {
    return this.belfry?.snapshot ?? NOTHING;
  }

  protected get speech(): Speech {
    return (this.#speech ??= speechAt(this));
  }

  protected get texts(): Texts {
    return this.speech.texts;
  }

  /** Whether it is rendered once a frame, however much happens; else at the end of the turn: for parts of others. */
  protected readonly framed: boolean = true;

  protected override async scheduleUpdate(): Promise<void> {
    // The first time at once: an empty frame would flicker.
    if (this.hasUpdated && this.framed) {
      await nextFrame();
    }
    await super.scheduleUpdate();
  }

  #stopWatching(): void {
    for (const unsubscribe of this.#subscriptions) {
      unsubscribe();
    }
    this.#subscriptions = [];
    this.#watched = null;
  }
}

/** A page that is not seen gets no frames: there it is a second. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    const frame = requestAnimationFrame(done);
    const timer = setTimeout(done, 1000);
    function done(): void {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      resolve();
    }
  });
}

/** Calls back when what a client shows is not the same person's any more: nothing of one is shown to the next. */
export function onOtherPerson(client: BelfryClient, listener: () => void): Unsubscribe {
  let { user, loaded } = client.snapshot;
  return client.observe((snapshot) => {
    const other = (user !== null && user !== snapshot.user) || (loaded && !snapshot.loaded);
    ({ user, loaded } = snapshot);
    if (other) {
      listener();
    }
  });
}

/** Define an element, unless the page has it already: from a second copy of this package, say. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) {
    customElements.define(name, element);
  }
}
