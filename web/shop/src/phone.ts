/** `<shop-phone>`: a phone of the customer, with what the local Notification Hubs send it. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { apiOf } from "./api.ts";
import { icons, mark } from "./icons.ts";
import { onScreen, type Device, type Shown } from "./notifications.ts";
import type { Settings } from "./settings.ts";
import type { Person, SignIn } from "./sign-in.ts";

class Phone extends LitElement {
  static override properties = { settings: { attribute: false }, signIn: { attribute: false } };
  declare settings: Settings | null;
  /** Of whoever the phone belongs to. */
  declare signIn: SignIn | null;

  #device: Device | null = null;
  #problem = "";
  #events: EventSource | null = null;
  #clock = 0;

  constructor() {
    super();
    this.settings = null;
    this.signIn = null;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#clock = window.setInterval(() => {
      this.requestUpdate();
    }, 10_000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#clock);
    this.#events?.close();
    this.#events = null;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("settings") && !changed.has("signIn")) return;
    const { settings, signIn } = this;
    if (!settings?.hub || !signIn) return;
    this.#switchOn(settings, settings.hub, signIn).catch((error: unknown) => {
      this.#fail(error);
    });
  }

  protected override render(): TemplateResult {
    const now = new Date();
    const shown = this.#device ? onScreen(this.#device) : [];
    return html`<div class="phone">
      <div class="glass">
        <div class="island" aria-hidden="true"></div>
        <p class="time"><time>${TIME.format(now)}</time><span>${DATE.format(now)}</span></p>
        ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
        ${
          shown.length > 0
            ? html`<ol class="notifications" aria-label="Notifications" tabindex="0">
                ${repeat(
                  shown,
                  ({ card, at }) => `${card} ${at}`,
                  (each) => notification(each, now),
                )}
              </ol>`
            : html`<p class="quiet">
                ${icons.phone}<span
                  >It rings for everyone’s news, and for its owner’s when they are offline.</span
                >
              </p>`
        }
      </div>
    </div>`;
  }

  async #switchOn(settings: Settings, hub: string, signIn: SignIn): Promise<void> {
    const person = await signIn.person();
    if (!person) return; // signed out meanwhile, and the stage with them
    const installation = installationOf(person);
    await this.#register(settings, installation, signIn);
    if (!this.isConnected) return;
    this.#events?.close();
    const events = (this.#events = new EventSource(`${hub}/_events`));
    let told = 0;
    events.addEventListener("device", (event: MessageEvent<string>) => {
      const device = JSON.parse(event.data) as Device;
      if (device.installationId !== installation) return;
      told += 1;
      this.#take(device);
    });
    // Listen first, then look: nothing falls between the two, also after it was cut off.
    events.addEventListener("open", () => {
      const before = told;
      deviceAt(hub, installation).then(
        (device) => {
          if (told === before) this.#take(device); // what was told meanwhile is newer
        },
        (error: unknown) => {
          this.#fail(error);
        },
      );
    });
    events.addEventListener("error", () => {
      this.#fail(new Error("The phone has no network. It tries again."));
    });
  }

  /** As the shop's app on the phone does, with the token that its platform gave. */
  async #register(settings: Settings, installation: string, signIn: SignIn): Promise<void> {
    const response = await apiOf(settings, signIn)(`/devices/${installation}`, {
      method: "PUT",
      body: JSON.stringify({ platform: "fcmv1", pushChannel: installation }),
    });
    if (!response.ok) throw new Error(`The phone could not be registered: ${response.status}.`);
  }

  #fail(error: unknown): void {
    this.#problem = error instanceof Error ? error.message : String(error);
    this.requestUpdate();
  }

  #take(device: Device | undefined): void {
    this.#device = device ?? null;
    this.#problem = "";
    this.requestUpdate();
  }
}

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

function notification({ title, body, severity, at }: Shown, now: Date): TemplateResult {
  const minutes = Math.floor((now.getTime() - Date.parse(at)) / 60_000);
  return html`<li class="notification ${severity}">
    <span class="app" aria-hidden="true">${mark}</span>
    <div>
      <p class="from">
        <span>Hearth &amp; Oak</span><time datetime=${at}>${minutes < 1 ? "now" : `${minutes} min`}</time>
      </p>
      <p class="title">${title}</p>
      ${body ? html`<p class="body">${body}</p>` : nothing}
    </div>
  </li>`;
}

/** What the hub knows of a device; undefined: nothing. */
async function deviceAt(hub: string, installation: string): Promise<Device | undefined> {
  const response = await fetch(`${hub}/_devices?installation=${installation}`);
  if (!response.ok) throw new Error(`The phone has no network: ${hub} answered ${response.status}.`);
  const { devices } = (await response.json()) as { devices: readonly Device[] };
  return devices[0];
}

/** Everybody has one phone, in whichever browser it is drawn. */
function installationOf({ subject }: Person): string {
  return `phone-of-${subject.replaceAll(/[^A-Za-z0-9._-]/g, "-")}`.slice(0, 64);
}

customElements.define("shop-phone", Phone);
