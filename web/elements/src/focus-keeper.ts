import type { LitElement, ReactiveController } from "lit";

/** Keeps the focus in an element when what had it goes: the last card, a button that has done its work. */
export class FocusKeeper implements ReactiveController {
  readonly #host: LitElement;
  #had = false;

  /** @param host can take the focus itself: its `focus` says where. */
  constructor(host: LitElement) {
    this.#host = host;
    host.addController(this);
  }

  hostUpdate(): void {
    this.#had = this.#host.matches(":focus-within");
  }

  hostUpdated(): void {
    if (this.#had && !this.#host.matches(":focus-within")) {
      this.#host.focus();
    }
  }
}
