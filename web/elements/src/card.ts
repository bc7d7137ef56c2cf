import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { classMap } from "lit/directives/class-map.js";
import type { Action, Card, Unsubscribe } from "@belfry/client";
import { cardStyles } from "./card.styles.ts";
import { BelfryElement, define } from "./element.ts";
import { archiveIcon, checkIcon, envelopeIcon, externalIcon, severityIcon } from "./icons.ts";
import { highlight } from "./motion.ts";
import { buttons, theme } from "./theme.ts";
import { followable, type Link } from "./url.ts";

/** What `belfry-open` says: somebody follows a card, or one of its actions. */
export interface OpenDetail {
  readonly card: Card;
  /** Where it leads: absolute, of this origin or https; null when the card leads nowhere. */
  readonly url: string | null;
  /** The action that was chosen; null: the card itself. */
  readonly action: Action | null;
}

/**
 * One alert, as it is told by its properties: what happens with it is up to who shows it.
 *
 * @fires belfry-open - before a link is followed; cancel it to go there by a router.
 * @fires read - it was opened, or `read` is to be turned over (`detail.read`).
 * @fires archive - it is to be put away.
 * @fires expand - its text is to be shown in full, or no longer.
 */
export class CardElement extends BelfryElement {
  static override styles = [theme, buttons, cardStyles];
  static override properties: PropertyDeclarations = {
    card: { attribute: false },
    now: { attribute: false },
    expanded: { attribute: false },
    position: { attribute: false },
    total: { attribute: false },
    fresh: { attribute: false },
    broken: { state: true },
  };

  declare card: Card | null;
  /** What time it is, in milliseconds. */
  declare now: number;
  /** Whether its text is shown in full. */
  declare expanded: boolean;
  /** Which of a feed's cards it is, from 1. */
  declare position: number;
  /** Of how many; -1: not known. */
  declare total: number;
  /** Whether it has just come. */
  declare fresh: boolean;
  /** Pictures that could not be loaded. */
  declare protected broken: ReadonlySet<string>;

  protected override readonly framed = false;

  constructor() {
    super();
    this.card = null;
    this.now = Date.now();
    this.expanded = false;
    this.position = 1;
    this.total = -1;
    this.fresh = false;
    this.broken = new Set();
  }

  /** A card changes by its properties alone. */
  protected override watch(): readonly Unsubscribe[] {
    return [];
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector("article")?.focus(options);
  }

  /** Follow it, as a click does. */
  open(): void {
    this.renderRoot.querySelector<HTMLElement>(".open")?.click();
  }

  /** Whether it has more text than it shows. It reads the layout. */
  get clipped(): boolean {
    const body = this.renderRoot.querySelector(".body");
    return body !== null && !this.expanded && body.scrollHeight > body.clientHeight + 1;
  }

  /** Offer to show the whole text. */
  offerMore(offered: boolean): void {
    const more = this.renderRoot.querySelector<HTMLElement>(".more");
    if (more) {
      more.hidden = !offered;
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("card");
    const revised = before?.card === this.card?.card && before?.position !== this.card?.position;
    const appeared = changed.has("fresh") && this.fresh;
    const article = this.renderRoot.querySelector("article");
    if (article && ((before && revised) || appeared)) {
      highlight(article);
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const { card } = this;
    if (!card) {
      return nothing;
    }
    const at = new Date(card.at);
    const { format, texts } = this.speech;
    return html`<article
      part="card"
      class=${card.read ? "read" : "unread"}
      tabindex="0"
      aria-labelledby="state title"
      aria-describedby="body facts"
      aria-posinset=${this.position}
      aria-setsize=${this.total}
    >
      <span id="state" class="hidden"
        >${card.read ? nothing : `${texts.card.unread}. `}${texts.severity[card.severity]}:</span
      >
      ${card.read ? nothing : html`<span class="dot" part="dot"></span>`} ${this.#sign(card)}
      <div class="content">
        <h3 id="title" part="title">${this.#title(card)}</h3>
        ${
          card.body === ""
            ? nothing
            : html`<p id="body" part="body" class=${classMap({ body: true, whole: this.expanded })}>
                <bdi .textContent=${card.body}></bdi>
              </p>`
        }
        <div class="facts" part="facts">
          <span id="facts"
            ><time dir="auto" datetime=${card.at} title=${format.exact(at)}
              >${format.when(at, new Date(this.now))}</time
            >${
              card.category === undefined
                ? nothing
                : html`<span class="category">${texts.category(card.category)}</span>`
            }</span
          >
          <button
            class="more"
            part="more"
            type="button"
            ?hidden=${!this.expanded}
            aria-expanded=${this.expanded ? "true" : "false"}
            @click=${this.#expand}
          >
            ${this.expanded ? texts.card.less : texts.card.more}
          </button>
        </div>
        ${this.#actions(card)}
      </div>
      ${this.#picture(card)} ${this.#tools(card)}
    </article>`;
  }

  #sign(card: Card): TemplateResult {
    const icon = this.#loadable(card.icon);
    return html`<div class="sign ${card.severity}" part="sign">
      ${
        icon === null
          ? severityIcon(card.severity)
          : html`<img
                src=${icon}
                alt=""
                width="32"
                height="32"
                decoding="async"
                referrerpolicy="no-referrer"
                @error=${this.#pictureFailed}
              /><span class="corner">${severityIcon(card.severity, 14)}</span>`
      }
    </div>`;
  }

  #title(card: Card): TemplateResult {
    const link = followable(card.url);
    return link
      ? html`<a
          class="open"
          tabindex="-1"
          href=${link.href}
          target=${link.external ? "_blank" : nothing}
          rel=${link.external ? "noopener noreferrer" : nothing}
          @click=${(event: MouseEvent) => {
            this.#follow(event, link, null);
          }}
          ><bdi>${card.title}</bdi>${this.#leaving(link)}</a
        >`
      : html`<button
          class="open"
          type="button"
          tabindex="-1"
          @click=${(event: MouseEvent) => {
            this.#follow(event, null, null);
          }}
        >
          <bdi>${card.title}</bdi>
        </button>`;
  }

  #leaving(link: Link): TemplateResult | typeof nothing {
    return link.external
      ? html`${externalIcon(12)}<span class="hidden">, ${this.texts.card.newTab}</span>`
      : nothing;
  }

  #actions(card: Card): TemplateResult | typeof nothing {
    const actions = (card.actions ?? []).flatMap((action) => {
      const link = followable(action.url);
      return link ? [{ action, link }] : [];
    });
    return actions.length === 0
      ? nothing
      : html`<div class="actions" part="actions">
          ${actions.map(
            ({ action, link }) =>
              html`<a
                class="button"
                part="action"
                href=${link.href}
                target=${link.external ? "_blank" : nothing}
                rel=${link.external ? "noopener noreferrer" : nothing}
                @click=${(event: MouseEvent) => {
                  this.#follow(event, link, action);
                }}
                ><bdi>${action.title}</bdi>${this.#leaving(link)}</a
              >`,
          )}
        </div>`;
  }

  #picture(card: Card): TemplateResult | typeof nothing {
    const image = this.#loadable(card.image);
    return image === null
      ? nothing
      : html`<img
          class="image"
          part="image"
          src=${image}
          alt=""
          width="56"
          height="56"
          decoding="async"
          referrerpolicy="no-referrer"
          @error=${this.#pictureFailed}
        />`;
  }

  #tools(card: Card): TemplateResult {
    const { markRead, markUnread, archive } = this.texts.card;
    const turn = card.read ? markUnread : markRead;
    return html`<div class="tools" part="tools">
      <button
        class="button plain icon"
        type="button"
        aria-label=${turn}
        aria-describedby="title"
        aria-keyshortcuts="u"
        title="${turn} (u)"
        @click=${() => this.dispatchEvent(new CustomEvent("read", { detail: { read: !card.read } }))}
      >
        ${card.read ? envelopeIcon() : checkIcon()}
      </button>
      <button
        class="button plain icon"
        type="button"
        aria-label=${archive}
        aria-describedby="title"
        aria-keyshortcuts="e"
        title="${archive} (e)"
        @click=${() => this.dispatchEvent(new CustomEvent("archive"))}
      >
        ${archiveIcon()}
      </button>
    </div>`;
  }

  #loadable(url: string | undefined): string | null {
    const href = followable(url)?.href ?? null;
    return href !== null && this.broken.has(href) ? null : href;
  }

  readonly #pictureFailed = (event: Event): void => {
    this.broken = new Set([...this.broken, (event.currentTarget as HTMLImageElement).src]);
  };

  readonly #expand = (): void => {
    this.dispatchEvent(new CustomEvent("expand", { detail: { expanded: !this.expanded } }));
  };

  #follow(event: MouseEvent, link: Link | null, action: Action | null): void {
    const { card } = this;
    if (!card) {
      return;
    }
    // With a key held down the browser opens a tab or a window of its own: no router could.
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) {
      const detail: OpenDetail = { card, url: link?.href ?? null, action };
      const open = new CustomEvent("belfry-open", {
        detail,
        bubbles: true,
        composed: true,
        cancelable: true,
      });
      if (!this.dispatchEvent(open)) {
        event.preventDefault();
      } else if (!link && this.clipped) {
        this.#expand();
      }
    }
    if (!card.read) {
      this.dispatchEvent(new CustomEvent("read", { detail: { read: true } }));
    }
  }
}

define("belfry-card", CardElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-card": CardElement;
  }

  interface HTMLElementEventMap {
    "belfry-open": CustomEvent<OpenDetail>;
  }
}
