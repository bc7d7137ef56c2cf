/** What the customer's page and the back office have in common: somebody signs in, and Belfry is connected. */

import { Belfry, SignedOutError, type Snapshot } from "@belfry/client";
import { useBelfry } from "@belfry/elements";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { mark } from "./icons.ts";
import type { Navigation } from "./navigation.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { SignIn, type Person, type Seat } from "./sign-in.ts";

/** Somebody is signed in. */
export interface Session {
  readonly settings: Settings;
  readonly signIn: SignIn;
  readonly person: Person;
  readonly belfry: Belfry;
}

type State =
  | { readonly kind: "opening" }
  | { readonly kind: "closed"; readonly signIn: SignIn }
  | { readonly kind: "open"; readonly session: Session }
  | { readonly kind: "broken"; readonly reason: string };

/** A page of one seat. It is made of plain elements, in reach of the page's style sheets. */
export abstract class SeatPage extends LitElement {
  abstract readonly seat: Seat;
  abstract readonly navigation: Navigation;
  readonly #title = document.title;
  #state: State = { kind: "opening" };
  /** Why nobody can sign in just now. */
  #problem = "";

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#open().catch((error: unknown) => {
      this.#show({ kind: "broken", reason: error instanceof Error ? error.message : String(error) });
    });
  }

  /** Words of the house on this page: the line below its name, and what stands where one signs in. */
  protected abstract readonly words: {
    readonly place: string;
    readonly welcome: string;
    readonly invitation: string;
  };
  /** Links in the header, the first one home. */
  protected abstract links(): readonly (readonly [path: string, text: string])[];
  /** Everything below the header. */
  protected abstract content(session: Session): TemplateResult;
  /** Called once, when somebody is signed in. */
  protected abstract opened(session: Session): void;

  protected override render(): TemplateResult {
    const state = this.#state;
    switch (state.kind) {
      case "opening":
        return html`${this.#header(null)}
          <main class="wait" aria-busy="true"></main>`;
      case "broken":
        return html`${this.#header(null)}
          <main class="door"><p role="alert">${state.reason}</p></main>`;
      case "closed":
        return html`${this.#header(null)}${this.#door(state.signIn)}`;
      case "open": {
        const { session } = state;
        return html`<div class="top">
            ${this.#header(session)}
            <div role="status">${this.#cutOff(session)}</div>
          </div>
          ${this.content(session)}
          <belfry-toasts></belfry-toasts>`;
      }
    }
  }

  protected override updated(): void {
    const [, ...others] = this.links();
    const here = others.find(([path]) => this.navigation.isWithin(path));
    document.title = here ? `${here[1]} · ${this.#title}` : this.#title;
  }

  async #open(): Promise<void> {
    const settings = await loadSettings();
    const signIn = new SignIn(settings, this.seat);
    const person = await signIn.person();
    if (!person) {
      this.#show({ kind: "closed", signIn });
      return;
    }
    const belfry = new Belfry({
      api: settings.api,
      getToken: (options) => signIn.token(options),
      account: person.account,
      ...(settings.tokenHeader === null ? {} : { tokenHeader: settings.tokenHeader }),
    });
    useBelfry(belfry);
    const session = { settings, signIn, person, belfry };
    let last: Snapshot | null = null;
    belfry.observe((snapshot) => {
      const known = last;
      last = snapshot;
      const { connection, queued, user } = snapshot;
      if (known?.connection !== connection || known.queued !== queued || known.user !== user)
        this.requestUpdate();
    });
    this.addEventListener("belfry-open", (event) => {
      if (event.detail.url !== null && this.#lead(event.detail.url)) event.preventDefault();
    });
    belfry.onNotificationOpened(({ card, url, there }) => {
      belfry.mark(card, { read: true });
      if (!there && !this.navigation.go(url)) location.assign(url);
    });
    signIn.onChange(person, () => {
      location.reload(); // nothing of one person is left to the next
    });
    this.#show({ kind: "open", session });
    this.opened(session);
    registerWorker();
    await connect(belfry);
  }

  /** Follow an alert's link within the shop; true: somebody sees it now. */
  #lead(address: string): boolean {
    if (this.navigation.go(address)) return true;
    if (new URL(address).origin !== location.origin) return false;
    window.open(address, "_blank", "noopener"); // it is for the other seat
    return true;
  }

  #show(state: State): void {
    this.#state = state;
    this.requestUpdate();
  }

  #header(session: Session | null): TemplateResult {
    const { navigation } = this;
    const links = session ? this.links() : [];
    return html`<header class="site">
      <a class="brand" href="/${this.seat}.html">
        ${mark}<span><b>Hearth &amp; Oak</b> <small>${this.words.place}</small></span>
      </a>
      ${
        links.length > 0
          ? html`<nav aria-label="Main">
              ${links.map(([path, text]) => {
                const current = path === navigation.path ? "page" : navigation.isWithin(path) && "true";
                return html`<a href=${path} aria-current=${current || nothing}>${text}</a>`;
              })}
            </nav>`
          : nothing
      }
      ${session ? this.#person(session) : nothing}
    </header>`;
  }

  #person(session: Session): TemplateResult {
    const { belfry, person } = session;
    const away = belfry.snapshot.connection === "closed";
    return html`<div class="person">
      <button
        class="switch"
        role="switch"
        aria-checked=${away ? "false" : "true"}
        title=${away ? "Go online" : "Go offline, and see what waits"}
        @click=${() => void this.#turn(session, away)}
      >
        <span class="knob" aria-hidden="true"></span><span class="label">Online</span>
      </button>
      <belfry-bell></belfry-bell>
      <button
        class="face"
        popovertarget="person"
        aria-label="Signed in as ${person.name}, ${initials(person.name)}"
      >
        ${initials(person.name)}
      </button>
      <div id="person" class="menu" popover>
        <p>${person.name}</p>
        <button @click=${() => void this.#signOut(session)}>Sign out</button>
      </div>
    </div>`;
  }

  #cutOff(session: Session): TemplateResult | typeof nothing {
    const { connection, queued } = session.belfry.snapshot;
    if (connection === "signed-out") {
      return html`<div class="bar">
        <p>Your session has ended. ${this.#problem}</p>
        <button @click=${() => void this.#signIn(session.signIn)}>Sign in again</button>
      </div>`;
    }
    if (connection === "waiting") {
      return html`<div class="bar hesitant">
        <p><b>The shop cannot be reached.</b> What was here stays, and what you do is sent later.</p>
      </div>`;
    }
    if (connection !== "closed") return nothing;
    return html`<div class="bar">
      <p>
        <b>You are offline.</b> Your phone rings instead. All of it is here when you are back.
        ${queued > 0 ? html`${queued === 1 ? "One change waits" : `${queued} changes wait`} to be sent.` : nothing}
      </p>
      <button @click=${() => void this.#turn(session, true)}>Go online</button>
    </div>`;
  }

  #door(signIn: SignIn): TemplateResult {
    return html`<main class="door">
      ${mark}
      <h1>${this.words.welcome}</h1>
      <p>${this.words.invitation}</p>
      <button class="primary" @click=${() => void this.#signIn(signIn)}>Sign in</button>
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
    </main>`;
  }

  async #signIn(signIn: SignIn): Promise<void> {
    try {
      await signIn.begin(returnPath());
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.requestUpdate();
    }
  }

  async #turn({ belfry }: Session, online: boolean): Promise<void> {
    if (online) await connect(belfry);
    else await belfry.disconnect();
  }

  async #signOut({ belfry, signIn }: Session): Promise<void> {
    await belfry.signOut();
    await signIn.end();
  }
}

/** Belfry's ready-made service worker: pushes while no page is open, and a shop that opens without a network. */
function registerWorker(): void {
  if (!("serviceWorker" in navigator)) return; // a browser in a private window, say: everything else works
  const options = new URLSearchParams({
    shell: "/customer.html",
    files: "/shop.json,/icon.svg,/shop.webmanifest",
    home: "/customer.html",
    icon: "/icon-192.png",
  });
  navigator.serviceWorker.register(`/belfry-worker.js?${options}`).catch((error: unknown) => {
    console.warn("The service worker could not be registered:", error);
  });
}

async function connect(belfry: Belfry): Promise<void> {
  try {
    await belfry.connect();
  } catch (error) {
    if (!(error instanceof SignedOutError)) throw error; // the snapshot says it, and the page with it
  }
}

/** Where to go on after signing in: the stage, if that is where this page is shown. */
function returnPath(): string {
  return (window.top ?? window).location.pathname;
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return [words.at(0), words.length > 1 ? words.at(-1) : undefined]
    .map((word) => word?.charAt(0) ?? "")
    .join("")
    .toUpperCase();
}
