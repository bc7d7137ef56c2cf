/** The customer's page: the shop, their orders, news, and what they want to be told. */

import type { Belfry, CardList } from "@belfry/client";
import type { Topic } from "@belfry/elements";
import { html, nothing, type TemplateResult } from "lit";
import { CATALOGUE, price, type Product } from "./catalogue.ts";
import { Counter } from "./counter.ts";
import { drawing } from "./drawings.ts";
import { icons } from "./icons.ts";
import { Navigation } from "./navigation.ts";
import { PROGRESS, toldOrders, type Order, type ToldOrder } from "./orders.ts";
import { SeatPage, type Session } from "./page.ts";
import type { Seat } from "./sign-in.ts";

const HOME = "/customer.html";
const TOPICS: readonly Topic[] = [
  { topic: "offers", title: "Offers", description: "What costs less this week, before everyone knows" },
];
const CATEGORIES: readonly string[] = ["order", "delivery", "payment", "news", "safety"];
/** Orders on the first page; all are one click away. */
const FEW = 3;

class CustomerPage extends SeatPage {
  readonly seat: Seat = "customer";
  readonly navigation = new Navigation(this, /^\/(customer\.html|orders(\/.*)?|news|offers|preferences)$/);
  readonly #counter = new Counter();
  #orders: CardList | null = null;
  #news: CardList | null = null;
  /** The product that was ordered last, for as long as its button says so. */
  #thanked: Product["id"] | null = null;

  protected readonly words = {
    place: "Things that stay",
    welcome: "Welcome in",
    invitation: "Sign in to order, and to hear how your orders are doing.",
  };

  protected links(): readonly (readonly [string, string])[] {
    return [
      [HOME, "Shop"],
      ["/orders", "Orders"],
      ["/news", "News"],
      ["/preferences", "Preferences"],
    ];
  }

  protected opened({ belfry }: Session): void {
    const update = (): void => {
      this.requestUpdate();
    };
    this.#orders = belfry.list({ categories: ["order"] });
    this.#news = belfry.list({ categories: ["news", "offer"] });
    this.#orders.observe(update);
    this.#news.observe(update);
    this.#counter.observe(update);
  }

  protected content(session: Session): TemplateResult {
    const path = this.navigation.path;
    if (path === "/preferences") return this.#preferences();
    if (path === "/news" || path === "/offers") return this.#newsPage(session.belfry);
    if (path.startsWith("/orders")) return this.#ordersPage(session.belfry, path);
    return this.#shop(session);
  }

  #shop(session: Session): TemplateResult {
    const orders = this.#told();
    return html`<main class="page">
      <section class="hero">
        <div>
          <h1>Made once, kept for good.</h1>
          <p>Furniture from a small workshop. Order, and watch it on its way to you.</p>
        </div>
        ${drawing("linen-lamp")}${drawing("tea-table")}
      </section>
      ${this.#waitingOrders(session.belfry)}
      ${
        orders.length > 0
          ? html`<section aria-labelledby="your-orders">
              <div class="section-head">
                <h2 id="your-orders">Your orders</h2>
                ${orders.length > FEW ? html`<a href="/orders">All orders</a>` : nothing}
              </div>
              <ul class="orders">
                ${orders.slice(0, FEW).map((order) => orderRow(order, false))}
              </ul>
            </section>`
          : nothing
      }
      <section aria-labelledby="products">
        <h2 id="products">From the workshop</h2>
        <ul class="products">
          ${CATALOGUE.map((product) => this.#product(session, product))}
        </ul>
      </section>
    </main>`;
  }

  #product(session: Session, product: Product): TemplateResult {
    const thanked = this.#thanked === product.id;
    return html`<li class="product">
      <div class="picture">${drawing(product.id)}</div>
      <h3>${product.name}</h3>
      <p>${product.line}</p>
      <div class="buy">
        <span class="price">${price(product)}</span>
        <button
          class=${thanked ? "order thanked" : "order"}
          aria-label="Order the ${product.name.toLowerCase()}"
          ?disabled=${session.belfry.snapshot.user === null}
          @click=${() => void this.#order(session, product)}
        >
          ${thanked ? html`${icons.check} Ordered` : "Order"}
        </button>
      </div>
    </li>`;
  }

  /** Orders that the shop has not taken yet: nobody of the back office has their page open. */
  #waitingOrders(belfry: Belfry): TemplateResult | typeof nothing {
    const waiting = this.#counter.orders.filter(
      ({ order, progress }) => progress === null && order.customer === belfry.snapshot.user,
    );
    if (waiting.length === 0) return nothing;
    const orders = waiting.length === 1 ? "Your order waits" : `${waiting.length} orders wait`;
    return html`<p class="waiting" role="status">
      ${icons.clock}
      <span
        >${orders} at the counter. <a href="/office.html" target="_blank">The back office</a> takes it.</span
      >
    </p>`;
  }

  #ordersPage(belfry: Belfry, path: string): TemplateResult {
    const orders = this.#told();
    const chosen = Number(path.split("/").at(2));
    return html`<main class="page narrow">
      <h1>Your orders</h1>
      ${this.#waitingOrders(belfry)}
      ${
        orders.length > 0
          ? html`<ul class="orders">
              ${orders.map((order) => orderRow(order, order.number === chosen))}
            </ul>`
          : this.#loaded(
              belfry,
              html`<p class="nothing">Nothing yet. <a href=${HOME}>Have a look around the shop.</a></p>`,
            )
      }
      ${more(this.#orders)}
    </main>`;
  }

  #newsPage(belfry: Belfry): TemplateResult {
    const cards = this.#news?.cards ?? [];
    return html`<main class="page narrow">
      <h1>News</h1>
      ${
        cards.length > 0
          ? html`<ul class="news">
              ${cards.map(
                ({ card, title, body, at }) =>
                  html`<li data-card=${card}>
                    <time datetime=${at}>${day(at)}</time>
                    <h2>${title}</h2>
                    ${body ? html`<p>${body}</p>` : nothing}
                  </li>`,
              )}
            </ul>`
          : this.#loaded(
              belfry,
              html`<p class="nothing">It has been quiet. News from the shop come here.</p>`,
            )
      }
      ${more(this.#news)}
    </main>`;
  }

  #preferences(): TemplateResult {
    return html`<main class="page narrow">
      <h1>What we may tell you</h1>
      <p class="lead">
        Your inbox has everything. Here you say what may also ring your phone, and when it had better not.
      </p>
      <h2 class="unseen">Notifications</h2>
      <belfry-preferences .topics=${TOPICS} .categories=${CATEGORIES}></belfry-preferences>
    </main>`;
  }

  #told(): readonly ToldOrder[] {
    return toldOrders(this.#orders?.cards ?? []);
  }

  #loaded(belfry: Belfry, empty: TemplateResult): TemplateResult {
    return belfry.snapshot.loaded ? empty : html`<p class="nothing" aria-busy="true">One moment.</p>`;
  }

  async #order({ belfry, person }: Session, product: Product): Promise<void> {
    const customer = belfry.snapshot.user;
    if (!customer) return; // not known before the first answer of the server, nor is the button enabled
    const order: Order = {
      id: crypto.randomUUID(),
      number: 10_000 + Math.floor(Math.random() * 90_000),
      customer,
      name: person.name,
      product: product.name,
    };
    await this.#counter.place(order);
    this.#thanked = product.id;
    this.requestUpdate();
    setTimeout(() => {
      if (this.#thanked === product.id) this.#thanked = null;
      this.requestUpdate();
    }, 2_000);
  }
}

function orderRow({ number, progress, text }: ToldOrder, chosen: boolean): TemplateResult {
  const reached = PROGRESS.indexOf(progress);
  const product = CATALOGUE.find(({ name }) => name === text);
  return html`<li
    class=${chosen ? "order-row chosen" : "order-row"}
    aria-current=${chosen ? "true" : nothing}
  >
    ${product ? html`<div class="picture">${drawing(product.id)}</div>` : nothing}
    <div class="what"><b>Order ${number}</b><span>${text}</span></div>
    <ol class="steps" aria-label="Order ${number} is ${progress}">
      ${PROGRESS.map(
        (step, index) =>
          html`<li
            class=${index <= reached ? "done" : ""}
            aria-current=${index === reached ? "step" : nothing}
          >
            <span class="dot">${index <= reached ? icons.check : nothing}</span>${step}
          </li>`,
      )}
    </ol>
  </li>`;
}

function more(list: CardList | null): TemplateResult | typeof nothing {
  if (!list?.more) return nothing;
  return html`<button class="more" ?disabled=${list.loading} @click=${() => void list.loadMore()}>
    Show older
  </button>`;
}

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

function day(at: string): string {
  return DAY.format(new Date(at));
}

customElements.define("shop-customer", CustomerPage);
