/** The stage: the customer, the back office and the customer's phone, side by side. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { drawing } from "./drawings.ts";
import { mark, openInTab } from "./icons.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { SignIn, type Person, type Seat } from "./sign-in.ts";
import "./phone.ts";

type Place = Seat | "phone";

const SEATS: readonly Seat[] = ["customer", "office"];
const NAMES: Readonly<Record<Place, string>> = {
  customer: "Customer",
  office: "Back office",
  phone: "Phone",
};

class Stage extends LitElement {
  #settings: Settings | null = null;
  readonly #signIns = new Map<Seat, SignIn>();
  readonly #people = new Map<Seat, Person>();
  #problem = "";
  #ready = false;
  /** What is shown where there is room for one. */
  #place: Place = "customer";

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#open().catch(this.#fail);
  }

  protected override render(): TemplateResult {
    const everybody = SEATS.every((seat) => this.#people.has(seat));
    return html`
      <header class="stage-head">
        <a class="brand" href="/"
          >${mark}<span><b>Hearth &amp; Oak</b></span></a
        >
        <p>A small shop that shows <b>Belfry</b> at work: every alert gets to its people.</p>
      </header>
      ${
        this.#ready
          ? everybody
            ? this.#places()
            : this.#door()
          : this.#problem
            ? html`<main class="door"><p role="alert">${this.#problem}</p></main>`
            : nothing
      }
    `;
  }

  async #open(): Promise<void> {
    this.#settings = await loadSettings();
    for (const seat of SEATS) {
      const signIn = new SignIn(this.#settings, seat);
      const person = await signIn.person();
      this.#signIns.set(seat, signIn);
      if (person) this.#people.set(seat, person);
    }
    this.#ready = true;
    this.requestUpdate();
  }

  async #signIn(seat: Seat, next: readonly Seat[]): Promise<void> {
    await this.#signIns.get(seat)?.begin("/", next).catch(this.#fail);
  }

  readonly #fail = (error: unknown): void => {
    this.#problem = error instanceof Error ? error.message : String(error);
    this.requestUpdate();
  };

  #door(): TemplateResult {
    const missing = SEATS.filter((seat) => !this.#people.has(seat));
    const [first, ...rest] = missing;
    return html`<main class="door">
      ${mark}
      <h1>Every alert gets to its people.</h1>
      <p>
        At once when they are online, as a push when they are not, and in their inbox either way. See it
        happen, in a small shop with two people in it.
      </p>
      <ul class="cast">
        <li>${drawing("oak-shelf")}<b>A customer orders</b> and follows the order, live.</li>
        <li>${drawing("brass-clock")}<b>The back office sends</b> whatever there is to say.</li>
        <li>${drawing("linen-lamp")}<b>A phone rings</b> when its owner is offline.</li>
      </ul>
      ${
        first
          ? html`<button class="primary" @click=${() => void this.#signIn(first, rest)}>
              ${missing.length === 2 ? "Sign in both" : `Sign in the ${NAMES[first].toLowerCase()}`}
            </button>`
          : nothing
      }
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
      ${
        missing.length === 2
          ? html`<p class="aside">
              Two pages ask who: the first one for the customer, the next for the back office.
            </p>`
          : nothing
      }
      <p class="aside">
        Or one alone: ${openInTab("/customer.html", "the shop")}
        ${openInTab("/office.html", "the back office")}
      </p>
    </main>`;
  }

  #places(): TemplateResult {
    const places: readonly Place[] = this.#settings?.hub ? [...SEATS, "phone"] : SEATS;
    return html`
      <div class="tabs stage-tabs" role="group" aria-label="What is shown">
        ${places.map(
          (place) =>
            html`<button
              aria-pressed=${this.#place === place ? "true" : "false"}
              @click=${() => {
                this.#place = place;
                this.requestUpdate();
              }}
            >
              ${NAMES[place]}
            </button>`,
        )}
      </div>
      <main class="places" data-place=${this.#place}>
        <h1 class="unseen">Hearth &amp; Oak, on stage</h1>
        ${SEATS.map((seat) => this.#frame(seat))}
        ${
          this.#settings?.hub
            ? html`<section class="place" data-name="phone" aria-labelledby="name-phone">
                <h2 id="name-phone">
                  ${this.#firstName("customer")}’s phone ${openInTab(this.#settings.hub, "all phones")}
                </h2>
                <shop-phone
                  .settings=${this.#settings}
                  .signIn=${this.#signIns.get("customer") ?? null}
                ></shop-phone>
              </section>`
            : nothing
        }
      </main>
    `;
  }

  #frame(seat: Seat): TemplateResult {
    const name = this.#people.get(seat)?.name ?? "";
    return html`<section class="place" data-name=${seat} aria-labelledby="name-${seat}">
      <h2 id="name-${seat}">
        <span>${name}<small>${seat === "customer" ? "a customer" : "of the back office"}</small></span
        >${openInTab(`/${seat}.html`, "in a tab")}
      </h2>
      <iframe src="/${seat}.html" title="${NAMES[seat]}: ${name}"></iframe>
    </section>`;
  }

  #firstName(seat: Seat): string {
    return this.#people.get(seat)?.name.split(" ").at(0) ?? NAMES[seat];
  }
}

customElements.define("shop-stage", Stage);
