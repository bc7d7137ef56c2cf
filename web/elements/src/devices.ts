import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { BelfryClient, Device, Problem, Unsubscribe } from "@belfry/client";
import { announce } from "./announcer.ts";
import { BelfryElement, define } from "./element.ts";
import { FocusKeeper } from "./focus-keeper.ts";
import { settings } from "./preferences.styles.ts";
import { attempt } from "./saver.ts";
import { buttons, theme } from "./theme.ts";

/** What a client has that knows of devices: `Belfry` does. */
export interface DeviceClient {
  devices(): Promise<readonly Device[]>;
  removeDevice(installation: string): Promise<void>;
}

export function knowsDevices(client: BelfryClient): client is BelfryClient & DeviceClient {
  return "devices" in client && "removeDevice" in client;
}

/** The devices that a person is pushed to, and a way to remove each. It is empty where there is no push at all. */
export class DevicesElement extends BelfryElement {
  static override styles = [
    theme,
    buttons,
    settings,
    css`
      .row {
        grid-template-columns: minmax(0, 1fr) auto;
      }

      .control {
        display: flex;
        flex-wrap: wrap;
        justify-content: end;
        gap: calc(var(--_space) * 2);
      }

      .danger {
        color: var(--_critical);
      }
    `,
  ];
  static override properties: PropertyDeclarations = {
    disabled: { type: Boolean },
    devices: { state: true },
    problem: { state: true },
    asked: { state: true },
    refused: { state: true },
  };

  declare disabled: boolean;
  /** Null: not loaded yet. */
  declare protected devices: readonly Device[] | null;
  /** Why they could not be loaded. */
  declare protected problem: Problem | null;
  /** The one about which it is asked whether to remove it. */
  declare protected asked: string | null;
  /** The one that could not be removed, and why. */
  declare protected refused: { readonly installation: string; readonly problem: Problem } | null;

  constructor() {
    super();
    this.disabled = false;
    this.devices = null;
    this.problem = null;
    this.asked = null;
    this.refused = null;
    new FocusKeeper(this);
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector<HTMLElement>("legend")?.focus(options);
  }

  protected override watch(client: BelfryClient): readonly Unsubscribe[] {
    this.devices = null;
    void this.#load(client);
    return [];
  }

  /** Ask the server again. */
  readonly reload = (): void => {
    if (this.belfry) {
      void this.#load(this.belfry);
    }
  };

  protected override render(): TemplateResult | typeof nothing {
    const { devices, retry } = this.texts.preferences;
    if (this.devices === null && !this.problem) {
      return nothing;
    }
    return html`<fieldset class="group" part="group" lang=${this.speech.locale} ?disabled=${this.disabled}>
      <legend tabindex="-1">${devices.title}</legend>
      <p class="hint">${devices.hint}</p>
      <ul class="rows" part="rows">
        ${
          this.devices === null
            ? html`<li class="row">
                <span class="name" role="alert">${devices.failed}</span>
                <button class="button" type="button" @click=${this.reload}>${retry}</button>
              </li>`
            : this.devices.length === 0
              ? html`<li class="row"><span class="name hint">${devices.none}</span></li>`
              : repeat(
                  this.devices,
                  ({ installation }) => installation,
                  (device) => this.#device(device),
                )
        }
      </ul>
    </fieldset>`;
  }

  #device(device: Device): TemplateResult {
    const { texts, format } = this.speech;
    const { devices, notSaved } = texts.preferences;
    const { installation, registeredAt, renewedAt } = device;
    const name = devices.platform(device.platform);
    const now = new Date();
    const asked = this.asked === installation;
    return html`<li class="row" data-installation=${installation}>
      <span class="name">${name}</span>
      <span class="hint"
        >${
          asked
            ? devices.sure
            : html`${devices.since(format.day(new Date(registeredAt), now))} ·
              ${devices.seen(format.day(new Date(renewedAt), now))}`
        }</span
      >
      ${
        this.refused?.installation === installation
          ? html`<span class="fault" role="alert"
              >${notSaved} <span lang="en">${this.refused.problem.detail}</span></span
            >`
          : nothing
      }
      <span class="control">
        ${
          asked
            ? html`<button class="button" type="button" @click=${() => void this.#ask(installation, null)}>
                  ${devices.keep}
                </button>
                <button
                  class="button danger"
                  type="button"
                  aria-label=${devices.removeOf(name)}
                  aria-description=${devices.sure}
                  @click=${() => void this.#remove(device)}
                >
                  ${devices.remove}
                </button>`
            : html`<button
                class="button"
                type="button"
                aria-label=${devices.removeOf(name)}
                @click=${() => void this.#ask(installation, installation)}
              >
                ${devices.remove}
              </button>`
        }
      </span>
    </li>`;
  }

  async #load(client: BelfryClient): Promise<void> {
    if (!knowsDevices(client)) {
      return;
    }
    let found: readonly Device[] = [];
    const problem = await attempt(async () => {
      found = await client.devices();
    });
    if (client === this.belfry) {
      // Where nothing is ever pushed there is nothing to show.
      this.problem = problem?.code === "push-off" ? null : problem;
      this.devices = problem ? null : found;
    }
  }

  /** `asked`: the device about which it is asked; null: about none. The focus stays with the device. */
  async #ask(installation: string, asked: string | null): Promise<void> {
    this.asked = asked;
    this.refused = null;
    await this.updateComplete;
    const row = `[data-installation="${CSS.escape(installation)}"]`;
    this.renderRoot.querySelector<HTMLElement>(`${row} .control .button:last-child`)?.focus();
  }

  async #remove({ installation, platform }: Device): Promise<void> {
    const client = this.belfry;
    if (!client || !knowsDevices(client)) {
      return;
    }
    const [problem] = await Promise.all([
      attempt(() => client.removeDevice(installation)),
      this.#ask(installation, null),
    ]);
    // It may be gone already: removed from there.
    if (problem && problem.status !== 404) {
      this.refused = { installation, problem };
      return;
    }
    this.devices = (this.devices ?? []).filter((device) => device.installation !== installation);
    const { devices } = this.texts.preferences;
    announce(devices.removed(devices.platform(platform)), this.speech);
  }
}

define("belfry-devices", DevicesElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-devices": DevicesElement;
  }
}
