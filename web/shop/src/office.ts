/** The back office: the inbox, the orders on the counter, and everything that can be sent. */

import type { Topic } from "@belfry/elements";
import { html, nothing, type TemplateResult } from "lit";
import { sender, type Send } from "./alerts.ts";
import { apiOf } from "./api.ts";
import { Counter, type Held } from "./counter.ts";
import { icons } from "./icons.ts";
import { Navigation } from "./navigation.ts";
import { PROGRESS, received, told, type Order, type Progress } from "./orders.ts";
import { SeatPage, type Session } from "./page.ts";
import type { Seat } from "./sign-in.ts";
import "./send-panel.ts";

const HOME = "/office.html";
const PREFERENCES = "/desk/preferences";
const TOPICS: readonly Topic[] = [
  { topic: "stock-oak", title: "Stock of oak" },
  { topic: "stock-wool", title: "Stock of wool" },
  { topic: "stock-brass", title: "Stock of brass" },
];
const CATEGORIES: readonly string[] = ["order", "delivery", "payment", "stock", "report", "news"];
/** Held by the page that takes orders: the others would tell of the same ones again. */
const TAKING = "hearth-and-oak.taking";
const ACTIONS: Readonly<Record<Progress, string>> = { placed: "Take", packed: "Pack", delivered: "Deliver" };

class OfficePage extends SeatPage {
  readonly seat: Seat = "office";
  readonly navigation = new Navigation(this, /^\/(office\.html|desk(\/.*)?|stock|reports)$/);
  readonly #counter = new Counter();
  #send: Send | null = null;
  #problem = "";

  protected readonly words = {
    place: "Back office",
    welcome: "The back office",
    invitation: "Sign in to see to orders, and to send alerts.",
  };

  protected links(): readonly (readonly [string, string])[] {
    return [
      [HOME, "Desk"],
      [PREFERENCES, "Preferences"],
    ];
  }

  protected opened({ settings, signIn }: Session): void {
    this.#send = sender(apiOf(settings, signIn));
    this.#counter.observe(() => {
      this.requestUpdate();
      void this.#takeOrders();
    });
    void this.#takeOrders();
  }

  protected content(): TemplateResult {
    return this.navigation.path === PREFERENCES ? this.#preferences() : this.#work();
  }

  #preferences(): TemplateResult {
    return html`<main class="page narrow">
      <h1>What you are told</h1>
      <p class="lead">Your inbox has everything. Here you say what may also ring, and when.</p>
      <h2 class="unseen">Notifications</h2>
      <belfry-preferences .topics=${TOPICS} .categories=${CATEGORIES}></belfry-preferences>
    </main>`;
  }

  #work(): TemplateResult {
    return html`<main class="office">
      <h1 class="unseen">Back office</h1>
      <div class="work">
        ${this.#desk()}
        <section class="panel" aria-labelledby="send-heading">
          <h2 id="send-heading">Send an alert</h2>
          <shop-send-panel .send=${this.#send}></shop-send-panel>
        </section>
      </div>
      <section class="panel inbox" aria-label="Inbox"><belfry-inbox></belfry-inbox></section>
    </main>`;
  }

  #desk(): TemplateResult {
    const orders = this.#counter.orders.filter(({ progress }) => progress !== "delivered");
    return html`<section class="panel" aria-labelledby="desk-heading">
      <h2 id="desk-heading">On the counter</h2>
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
      ${
        orders.length > 0
          ? html`<ul class="desk">
              ${orders.map((held) => this.#row(held))}
            </ul>`
          : html`<p class="idle">Nothing to do. Orders from the shop come here.</p>`
      }
    </section>`;
  }

  #row({ order, progress }: Held): TemplateResult {
    const next = following(progress);
    return html`<li>
      <span class="what"><b>${order.product}</b><small>${order.number} · ${order.name}</small></span>
      ${
        next
          ? html`<button @click=${() => void this.#advance(order, next)}>
              ${next === "delivered" ? icons.house : icons.box}${ACTIONS[next]}
            </button>`
          : nothing
      }
    </li>`;
  }

  /** Take what is on the counter: the customer is thanked, and the back office told. */
  async #takeOrders(): Promise<void> {
    await navigator.locks.request(TAKING, async () => {
      const untaken = this.#counter.orders.filter(({ progress }) => progress === null);
      for (const { order } of untaken.toReversed()) await this.#advance(order, "placed");
    });
  }

  async #advance(order: Order, progress: Progress): Promise<void> {
    if (!this.#send) return;
    try {
      await this.#send(told(order, progress));
      if (progress === "placed") await this.#send(received(order));
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.requestUpdate();
      return;
    }
    this.#problem = "";
    await this.#counter.advance(order.id, progress);
  }
}

function following(progress: Progress | null): Progress | undefined {
  return progress === null ? PROGRESS[0] : PROGRESS[PROGRESS.indexOf(progress) + 1];
}

customElements.define("shop-office", OfficePage);
