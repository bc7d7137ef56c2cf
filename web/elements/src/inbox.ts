import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { BelfryClient, CardList, Filter, Unsubscribe } from "@belfry/client";
import { announce, announceArrivals } from "./announcer.ts";
import { broken, closed, quiet, sieve, states } from "./drawings.ts";
import { BelfryElement, define, onOtherPerson } from "./element.ts";
import "./feed.ts";
import type { FeedElement, MarkDetail } from "./feed.ts";
import { FocusKeeper } from "./focus-keeper.ts";
import { categoriesOf, filterChoices, narrowings, plain } from "./filters.ts";
import { checkAllIcon, filterIcon, offlineIcon, retryIcon, undoIcon } from "./icons.ts";
import { inboxStyles } from "./inbox.styles.ts";
import { buttons, theme } from "./theme.ts";
import { UndoStack } from "./undo.ts";

/** For how long undo is offered, in milliseconds; not counted while the person is at it. The keys work on. */
const OFFERED = 8000;
/** How often times are told anew, in milliseconds. */
const TICK = 30_000;

/**
 * A person's alerts: read, filter, put away, and take that back.
 *
 * @slot header - Buttons of your own, at the end of the header.
 * @slot signed-out - A way to sign in, shown to who is signed out.
 * @fires belfry-open - before a link is followed; cancel it to go there by a router.
 */
export class InboxElement extends BelfryElement {
  static override styles = [theme, buttons, states, inboxStyles];
  static override properties: PropertyDeclarations = {
    filter: { attribute: false },
    choosing: { state: true },
    archived: { state: true },
  };

  /** What is shown of it. */
  declare filter: Filter;
  /** Whether the filters are open. */
  declare protected choosing: boolean;
  /** The title of the card that was archived last, while undo is offered. */
  declare protected archived: string | null;

  readonly #undo = new UndoStack();
  #list: CardList | null = null;
  #listed: { client: BelfryClient; filter: Filter } | null = null;
  #stopList: Unsubscribe | null = null;
  #offer: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.filter = {};
    this.choosing = false;
    this.archived = null;
    new FocusKeeper(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#tick = setInterval(this.#again, TICK);
    addEventListener("online", this.#again);
    addEventListener("offline", this.#again);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#tick);
    clearTimeout(this.#offer);
    removeEventListener("online", this.#again);
    removeEventListener("offline", this.#again);
    this.#leaveList();
    this.archived = null;
  }

  protected override watch(client: BelfryClient): readonly Unsubscribe[] {
    this.#forget();
    return [
      ...super.watch(client),
      announceArrivals(client, () => this.speech),
      onOtherPerson(client, () => {
        this.#forget();
      }),
    ];
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector("section")?.focus(options);
  }

  protected override willUpdate(): void {
    const client = this.isConnected ? this.belfry : null;
    if (client !== this.#listed?.client || this.filter !== this.#listed.filter) {
      this.#leaveList();
      if (client) {
        this.#listed = { client, filter: this.filter };
        this.#list = client.list(plain(this.filter));
        this.#stopList = this.#list.observe(this.#again);
        this.#feed?.settle();
      }
    }
  }

  protected override render(): TemplateResult {
    const { inbox } = this.texts;
    const { unread, connection } = this.snapshot;
    const usable = connection !== "signed-out";
    return html`<section
      part="inbox"
      tabindex="-1"
      lang=${this.speech.locale}
      aria-labelledby="title"
      @keydown=${this.#keyPressed}
    >
      <header part="header">
        <h2 id="title" part="title">${inbox.title}</h2>
        ${
          usable
            ? html`<button
                class="button plain mark-all"
                part="mark-all"
                type="button"
                aria-label=${inbox.markAllRead}
                title=${inbox.markAllRead}
                aria-disabled=${unread === 0 ? "true" : "false"}
                @click=${this.#markAllRead}
              >
                ${checkAllIcon()} <span class="wide">${inbox.markAllRead}</span>
              </button>`
            : nothing
        }
        <slot name="header"></slot>
      </header>
      ${usable ? this.#view() : nothing} ${this.#connection()}
      <div class="edge"></div>
      ${this.#content()} ${this.#undoBar()}
    </section>`;
  }

  #view(): TemplateResult {
    const { inbox } = this.texts;
    const { filter } = this;
    const { unread } = this.snapshot;
    const set = narrowings(filter);
    return html`<div class="view" part="view">
        <div class="choice" role="group" aria-label=${inbox.show}>
          <button
            type="button"
            aria-pressed=${filter.unread ? "false" : "true"}
            @click=${() => {
              this.filter = plain({ ...this.filter, unread: false });
            }}
          >
            ${inbox.all}
          </button>
          <button
            type="button"
            aria-pressed=${filter.unread ? "true" : "false"}
            @click=${() => {
              this.filter = plain({ ...this.filter, unread: true });
            }}
          >
            ${inbox.unread}${unread === 0 ? nothing : html`<span class="count">${unread > 99 ? "99+" : unread}</span>`}
          </button>
        </div>
        <button
          class="button plain ${set > 0 ? "set" : ""}"
          type="button"
          aria-expanded=${this.choosing ? "true" : "false"}
          aria-controls="filters"
          aria-label=${set > 0 ? inbox.filtered(set) : nothing}
          @click=${() => {
            this.choosing = !this.choosing;
          }}
        >
          ${filterIcon()} ${inbox.filter} ${set > 0 ? html`<span class="count set">${set}</span>` : nothing}
        </button>
      </div>
      ${
        this.choosing
          ? filterChoices(
              this.texts,
              filter,
              categoriesOf(this.belfry?.list().cards ?? [], filter),
              (change) => {
                this.filter = plain(change(this.filter));
              },
            )
          : nothing
      }`;
  }

  /** The region is always there: one that appears together with its text is not read by all screen readers. */
  #connection(): TemplateResult {
    const { connection, queued } = this.snapshot;
    const { texts } = this;
    return html`<div role="status">
      ${
        connection === "waiting"
          ? html`<div class="bar" part="offline">
              ${offlineIcon()}
              <span
                >${navigator.onLine ? texts.reconnecting : texts.offline}
                ${queued > 0 ? texts.queued(queued) : nothing}</span
              >
            </div>`
          : nothing
      }
    </div>`;
  }

  #content(): TemplateResult {
    const { inbox } = this.texts;
    const { connection, loaded } = this.snapshot;
    const list = this.#list;
    if (connection === "signed-out") {
      return html`<div class="state" part="state">
        ${closed()}
        <p class="headline">${inbox.signedOut}</p>
        <p class="hint">${inbox.signedOutHint}</p>
        <slot name="signed-out"></slot>
      </div>`;
    }
    if (list?.problem && list.cards.length === 0) {
      return html`<div class="state" part="state" role="alert">
        ${broken()}
        <p class="headline">${inbox.failed}</p>
        <p class="hint" lang="en">${list.problem.detail}</p>
        <button class="button" type="button" @click=${this.#older}>${retryIcon(14)} ${inbox.retry}</button>
      </div>`;
    }
    if (list && loaded && list.cards.length === 0 && !list.more && !list.loading) {
      return this.#nothing();
    }
    return html`<belfry-feed
      exportparts="card, title: card-title, body, facts, more, actions, action, image, tools, sign, dot, day, pill, older, skeletons"
      .belfry=${this.belfry}
      .cards=${list?.cards ?? []}
      .more=${list?.more ?? true}
      .loading=${!loaded || (list?.loading ?? true)}
      .problem=${list?.problem ?? null}
      .now=${Date.now()}
      @mark=${(event: CustomEvent<MarkDetail>) => {
        this.#mark(event.detail);
      }}
      @older=${this.#older}
    ></belfry-feed>`;
  }

  #nothing(): TemplateResult {
    const { inbox } = this.texts;
    const filtered = narrowings(this.filter) > 0 || this.filter.unread === true;
    return filtered
      ? html`<div class="state" part="state">
          ${sieve()}
          <p class="headline">${inbox.noMatch}</p>
          <p class="hint">${inbox.noMatchHint}</p>
          <button
            class="button"
            type="button"
            @click=${() => {
              this.filter = {};
            }}
          >
            ${inbox.clearFilters}
          </button>
        </div>`
      : html`<div class="state" part="state">
          ${quiet()}
          <p class="headline">${inbox.empty}</p>
          <p class="hint">${inbox.emptyHint}</p>
        </div>`;
  }

  #undoBar(): TemplateResult | typeof nothing {
    const { inbox } = this.texts;
    return this.archived === null
      ? nothing
      : html`<div
          class="undo"
          part="undo"
          @pointerenter=${this.#keepOffering}
          @pointerleave=${this.#offerUndo}
          @focusin=${this.#keepOffering}
          @focusout=${this.#offerUndo}
        >
          <span>${inbox.archived(this.archived)}</span>
          <button
            class="button"
            type="button"
            aria-keyshortcuts="z Control+z"
            title="${inbox.undo} (z)"
            @click=${this.#takeBack}
          >
            ${undoIcon(14)} ${inbox.undo}
          </button>
        </div>`;
  }

  get #feed(): FeedElement | null {
    return this.renderRoot.querySelector("belfry-feed");
  }

  readonly #again = (): void => {
    this.requestUpdate();
  };

  readonly #older = (): void => {
    void this.#list?.loadMore();
  };

  #mark({ card, change }: MarkDetail): void {
    this.#undo.push(card, change);
    this.belfry?.mark(card.card, change);
    if ("archived" in change) {
      this.archived = card.title;
      this.#offerUndo();
      announce(this.texts.announce.archived(card.title), this.speech);
    }
  }

  readonly #markAllRead = (): void => {
    if (this.snapshot.unread > 0) {
      this.belfry?.markAllRead();
      announce(this.texts.inbox.allMarkedRead, this.speech);
    }
  };

  readonly #takeBack = (): void => {
    const last = this.#undo.pop();
    if (last) {
      this.belfry?.mark(last.card, last.change);
      announce(this.texts.announce.undone(last.title), this.speech);
    }
    this.#keepOffering();
    this.archived = null;
  };

  /** What was done was another person's doing. */
  #forget(): void {
    this.#undo.clear();
    this.archived = null;
  }

  readonly #offerUndo = (): void => {
    clearTimeout(this.#offer);
    this.#offer = setTimeout(() => {
      this.archived = null;
    }, OFFERED);
  };

  readonly #keepOffering = (): void => {
    clearTimeout(this.#offer);
  };

  readonly #keyPressed = (event: KeyboardEvent): void => {
    const [origin] = event.composedPath();
    // A field of yours, in a slot, is for writing in.
    const writing =
      origin instanceof HTMLElement &&
      (origin.isContentEditable || origin.matches("input, textarea, select"));
    if (writing || event.defaultPrevented || event.altKey || event.metaKey || event.shiftKey) {
      return;
    }
    if (event.key === "z") {
      this.#takeBack();
    } else if (event.ctrlKey) {
      return;
    } else if (event.key === "j" || event.key === "ArrowDown") {
      this.#feed?.focus();
    } else {
      return;
    }
    event.preventDefault();
  };

  #leaveList(): void {
    this.#stopList?.();
    this.#stopList = null;
    this.#list = null;
    this.#listed = null;
  }
}

define("belfry-inbox", InboxElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-inbox": InboxElement;
  }
}
