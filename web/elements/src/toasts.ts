import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { BelfryClient, Card, Unsubscribe } from "@belfry/client";
import { announceArrivals } from "./announcer.ts";
import { BelfryElement, connectedElements, define, onOtherPerson } from "./element.ts";
import { isInSight } from "./presence.ts";
import { buttons, theme } from "./theme.ts";
import { ToastFocus } from "./toast-focus.ts";
import { appear, glide, placesOf, vanish } from "./toast-motion.ts";
import { ToastStack, type Toast } from "./toast-stack.ts";
import "./toast.ts";
import { near, toastsStyles } from "./toasts.styles.ts";

/** How many are in sight until somebody looks closer, and what they are called in styles. */
const DEPTHS = ["first", "second", "third"];
/** How often times are told anew, in milliseconds. */
const TICK = 30_000;

export type Placement = "top-start" | "top-end" | "bottom-start" | "bottom-end";

/** One that is no longer there, but still fades. */
interface Leaving {
  readonly toast: Toast;
  /** How many were in front of it. */
  readonly depth: number;
}

/**
 * Shows what arrives, for a moment, above everything else on the page.
 *
 * They stay while somebody points at them, has the focus in them, or cannot see the page. F6 goes to them and back,
 * Escape dismisses the one that has the focus. The focus never comes to them by itself.
 *
 * @fires belfry-open - before a link is followed; cancel it to go there by a router.
 * @fires belfry-show-inbox - somebody wants to see all; unless it is cancelled, a bell of the page opens.
 */
export class ToastsElement extends BelfryElement {
  static override styles = [theme, buttons, near, toastsStyles];
  static override properties: PropertyDeclarations = {
    placement: { reflect: true },
    always: { type: Boolean },
    opened: { state: true },
  };

  /** In which corner they are; `bottom-end` by default. */
  declare placement: Placement;
  /** Whether there are toasts also for what an inbox that is in sight shows anyway. */
  declare always: boolean;
  /** Whether those behind were asked for. */
  declare protected opened: boolean;

  readonly #stack = new ToastStack();
  /** As they are rendered. */
  #shown: readonly Toast[] = [];
  #leaving: readonly Leaving[] = [];
  /** Whither fingers have pushed them. */
  readonly #pushed = new WeakMap<Toast, number>();
  readonly #vanishing = new WeakSet<Element>();
  #places: ReadonlyMap<Element, number> = new Map();
  /** The newest of those that were brought above all else. */
  #raised = -1;
  #hovered = false;
  readonly #focus = new ToastFocus(
    this,
    (depth) => this.#toastAt(depth),
    () => {
      this.#look();
    },
  );
  #due: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.placement = "bottom-end";
    this.always = false;
    this.opened = false;
    this.addEventListener("click", this.#openBehind);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.#look);
    document.addEventListener("pointerdown", this.#pressed);
    this.#tick = setInterval(() => {
      if (this.#stack.toasts.length > 0) {
        this.requestUpdate();
      }
    }, TICK);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#look);
    document.removeEventListener("pointerdown", this.#pressed);
    clearInterval(this.#tick);
    this.#hovered = this.opened = false;
    this.#stack.resume(Date.now());
    this.#clear();
  }

  protected override watch(client: BelfryClient): readonly Unsubscribe[] {
    this.#clear();
    return [
      onOtherPerson(client, () => {
        this.#clear();
      }),
      client.onArrival((card) => {
        if (this.always || !isInSight(card, client)) {
          this.#stack.arrive(card, Date.now());
          this.#changed();
        }
      }),
      client.list().observe(() => {
        this.#sweep(client);
      }),
      announceArrivals(client, () => this.speech),
    ];
  }

  protected override willUpdate(): void {
    const { toasts } = this.#stack;
    const gone = this.#shown.filter(({ id }) => !toasts.some((toast) => toast.id === id));
    const leaving = gone.map((toast) => ({ toast, depth: this.#shown.indexOf(toast) }));
    this.#focus.hold((id) => leaving.find(({ toast }) => `${toast.id}` === id)?.depth ?? null);
    // What nobody sees need not fade.
    this.#leaving = document.hidden ? [] : [...this.#leaving, ...leaving];
    this.#places = placesOf(this.#items);
    this.#shown = [...toasts];
    if (toasts.length === 0) {
      this.#hovered = this.opened = false;
      this.#look();
    }
  }

  protected override render(): TemplateResult {
    const { toasts } = this.texts;
    const [edge = "", side = ""] = this.placement.split("-");
    const items = this.#shown.map((toast, depth) => ({ toast, depth, leaves: false }));
    for (const { toast, depth } of this.#leaving) {
      items.splice(depth, 0, { toast, depth, leaves: true });
    }
    const count = this.#shown.length;
    return html`<div
      class="layer ${edge} ${side}"
      part="layer"
      popover="manual"
      role="region"
      lang=${this.speech.locale}
      aria-label=${toasts.label}
      aria-keyshortcuts="F6"
      @keydown=${this.#keyPressed}
    >
      <ol class=${this.#closer ? "closer" : ""} @pointerenter=${this.#pointed} @pointerleave=${this.#pointed}>
        ${repeat(
          items,
          ({ toast }) => toast.id,
          ({ toast, depth, leaves }) => this.#item(toast, depth, leaves),
        )}
      </ol>
      ${
        count > 1
          ? html`<button
              class="button more ${count > DEPTHS.length ? "" : "few"}"
              part="more"
              type="button"
              aria-expanded=${this.#closer ? "true" : "false"}
              @click=${this.#open}
            >
              ${
                count > DEPTHS.length
                  ? html`<span class="roomy">${toasts.more(count - DEPTHS.length)}</span>`
                  : nothing
              }
              <span class="tight">${toasts.more(count - 1)}</span>
            </button>`
          : nothing
      }
    </div>`;
  }

  #item(toast: Toast, depth: number, leaves: boolean): TemplateResult {
    return html`<li
      class="${DEPTHS[depth] ?? "beyond"} ${leaves ? "leaving" : ""}"
      data-id=${toast.id}
      ?inert=${leaves}
    >
      <belfry-toast
        part="toast"
        exportparts="card, card-title, body, facts, actions, action, image, sign, dismiss, crowd, show-all"
        .toast=${toast}
        .now=${Date.now()}
        .position=${depth + 1}
        .total=${this.#shown.length}
        @read=${() => {
          this.#read(toast);
        }}
        @dismiss=${(event: CustomEvent<{ pushed: number }>) => {
          this.#dismiss(toast, event.detail.pushed);
        }}
        @show-inbox=${() => {
          this.#showInbox(toast);
        }}
      ></belfry-toast>
    </li>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (!this.isConnected) {
      return;
    }
    this.#raise();
    for (const item of this.#items) {
      const leaving = this.#leaving.find(({ toast }) => item.dataset.id === `${toast.id}`);
      if (leaving && !this.#vanishing.has(item)) {
        this.#vanishing.add(item);
        vanish(item, this.#pushed.get(leaving.toast) ?? 0, () => {
          this.#leaving = this.#leaving.filter((other) => other !== leaving);
          this.requestUpdate();
        });
      } else if (!this.#places.has(item)) {
        appear(item, this.placement.startsWith("top") ? -1 : 1);
      }
    }
    glide(this.#places);
    this.#focus.keep(this.#shown.length);
  }

  /** Whether somebody looks closer: then all are in sight, and none leaves. */
  get #closer(): boolean {
    return this.#hovered || this.#focus.here || this.opened;
  }

  get #layer(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".layer");
  }

  get #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll("li")];
  }

  /** Something has happened to the stack: show it, and be there when the next one is to leave. */
  #changed(): void {
    clearTimeout(this.#due);
    const { due } = this.#stack;
    if (due !== null) {
      this.#due = setTimeout(
        () => {
          this.#stack.expire(Date.now());
          this.#changed();
        },
        Math.max(0, due - Date.now()),
      );
    }
    this.requestUpdate();
  }

  #clear(): void {
    this.#stack.clear();
    this.#leaving = this.#shown = [];
    this.#changed();
  }

  /** Let go of what was read, put away or withdrawn, here or elsewhere. */
  #sweep(client: BelfryClient): void {
    const { toasts } = this.#stack;
    if (toasts.length === 0 || !client.snapshot.loaded) {
      return;
    }
    const { cards, more } = client.list();
    const toasted = toasts.flatMap(({ card, crowd }) => (crowd ? [...crowd.values()] : [card]));
    const oldest = toasted.map(({ position }) => position).sort()[0] ?? "";
    const known = new Map<string, Card>();
    for (const card of cards) {
      if (card.position < oldest) {
        break;
      }
      known.set(card.card, card);
    }
    const last = cards.at(-1)?.position;
    const done = ({ card, position }: Card): boolean =>
      known.get(card)?.read ?? (!more || (last !== undefined && last <= position));
    if (this.#stack.sweep(done)) {
      this.#changed();
    }
  }

  #read({ id, card }: Toast): void {
    this.belfry?.mark(card.card, { read: true });
    this.#stack.dismiss(id);
    this.#changed();
  }

  #dismiss(toast: Toast, pushed: number): void {
    this.#pushed.set(toast, pushed);
    this.#stack.dismiss(toast.id);
    this.#changed();
  }

  #showInbox({ id }: Toast): void {
    this.#stack.dismiss(id);
    this.#changed();
    const event = new CustomEvent("belfry-show-inbox", { bubbles: true, composed: true, cancelable: true });
    if (this.dispatchEvent(event)) {
      const bell = connectedElements("belfry-bell").find(({ belfry }) => belfry === this.belfry);
      if (bell) {
        bell.open = true;
      }
    }
  }

  readonly #open = (): void => {
    this.opened = true;
    this.#look();
  };

  /** Of a toast that is but an edge, the edge can be pressed. */
  readonly #openBehind = (event: Event): void => {
    if (event.composedPath()[0] instanceof HTMLLIElement) {
      this.#open();
    }
  };

  /** Somebody comes closer, or goes: time stands still, or goes on. */
  readonly #look = (): void => {
    if (document.hidden || this.#closer) {
      this.#stack.pause(Date.now());
    } else {
      this.#stack.resume(Date.now());
    }
    this.#changed();
  };

  readonly #pointed = (event: PointerEvent): void => {
    // A finger touches to push, or to open.
    if (event.pointerType !== "touch") {
      this.#hovered = event.type === "pointerenter";
      this.#look();
    }
  };

  readonly #pressed = (event: Event): void => {
    if (this.opened && !event.composedPath().includes(this)) {
      this.opened = false;
      this.#look();
    }
  };

  readonly #keyPressed = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      this.opened = false;
      event.preventDefault();
      this.#focus.goBack();
    }
  };

  #toastAt(depth: number): HTMLElement | null {
    return this.renderRoot.querySelectorAll<HTMLElement>("li:not(.leaving) > belfry-toast")[depth] ?? null;
  }

  /** Into the top layer, and above what has come into it since the last toast. */
  #raise(): void {
    const layer = this.#layer;
    const newest = Math.max(-1, ...this.#shown.map(({ id }) => id));
    if (this.#shown.length + this.#leaving.length === 0) {
      layer?.hidePopover();
    } else if (!layer?.matches(":popover-open")) {
      layer?.showPopover();
    } else if (newest > this.#raised && !this.#closer) {
      layer.hidePopover();
      layer.showPopover();
    }
    this.#raised = Math.max(this.#raised, newest);
  }
}

define("belfry-toasts", ToastsElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-toasts": ToastsElement;
  }

  interface HTMLElementEventMap {
    "belfry-show-inbox": CustomEvent<null>;
  }
}
