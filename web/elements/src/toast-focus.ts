import type { LitElement, ReactiveController } from "lit";

/** The focus in toasts: it never comes by itself, stays while there is a toast, and goes back to where it came from. */
export class ToastFocus implements ReactiveController {
  readonly #host: LitElement;
  readonly #toastAt: (depth: number) => HTMLElement | null;
  readonly #moved: () => void;
  #here = false;
  /** Whether the last thing done in here was a click. */
  #clicked = false;
  /** What had the focus before it came here. */
  #before: HTMLElement | null = null;
  /** Before it was rendered anew: whether the focus was here, and on which of the toasts that have gone since. */
  #held: { readonly here: boolean; readonly gone: number | null } = { here: false, gone: null };

  /**
   * @param host the element with all toasts.
   * @param toastAt a toast that stays, the newest is 0; null: there are not so many.
   * @param moved called when the focus has come or gone.
   */
  constructor(host: LitElement, toastAt: (depth: number) => HTMLElement | null, moved: () => void) {
    this.#host = host;
    this.#toastAt = toastAt;
    this.#moved = moved;
    host.addController(this);
    // Of moves inside they are not told: a shadow root keeps those to itself.
    host.addEventListener("focusin", this.#came);
    host.addEventListener("focusout", this.#left);
    // Before a toast takes the key for itself.
    host.addEventListener("keydown", this.#keyed, { capture: true });
  }

  get here(): boolean {
    return this.#here;
  }

  hostConnected(): void {
    document.addEventListener("pointerdown", this.#pressed);
    addEventListener("keydown", this.#switch);
  }

  hostDisconnected(): void {
    document.removeEventListener("pointerdown", this.#pressed);
    removeEventListener("keydown", this.#switch);
    this.#here = false;
    this.#before = null;
  }

  /** Not by `:focus-within`: Chromium does not match it on a host that has no box itself (`display: contents`). */
  get #within(): boolean {
    return (this.#host.shadowRoot?.activeElement ?? null) !== null;
  }

  /** It is about to be rendered anew. `depthOf` says where a toast stood that goes, by its id; null: it stays. */
  hold(depthOf: (id: string) => number | null): void {
    const item = this.#host.renderRoot.querySelector<HTMLElement>("li:focus-within");
    this.#held = {
      here: this.#within,
      gone: item ? depthOf(item.dataset.id ?? "") : null,
    };
  }

  /**
   * It has been rendered. If what had the focus has gone, the next one gets it; without one, or after a click, what had
   * it before.
   */
  keep(count: number): void {
    const { here, gone } = this.#held;
    this.#held = { here: false, gone: null };
    if (gone === null && (!here || this.#within)) {
      return;
    }
    const next = this.#toastAt(Math.min(gone ?? 0, count - 1));
    if (next && !this.#clicked) {
      next.focus();
    } else {
      this.goBack();
    }
  }

  goBack(): void {
    const before = this.#before;
    this.#before = null;
    if (before?.isConnected) {
      before.focus();
    }
    if (this.#within) {
      activeElement()?.blur();
    }
  }

  /** F6: from the page to the toasts, and back. */
  readonly #switch = (event: KeyboardEvent): void => {
    const newest = this.#toastAt(0);
    if (event.key !== "F6" || event.defaultPrevented || !newest) {
      return;
    }
    const wasHere = this.#here;
    if (wasHere) {
      this.goBack();
    } else {
      this.#before = activeElement();
      this.#clicked = false;
      newest.focus();
    }
    // Beside a modal dialog they cannot have the focus: then the key is the browser's.
    if (wasHere || this.#here) {
      event.preventDefault();
    }
  };

  readonly #keyed = (): void => {
    this.#clicked = false;
  };

  readonly #pressed = (event: Event): void => {
    this.#clicked = event.composedPath().includes(this.#host);
  };

  readonly #came = (event: FocusEvent): void => {
    this.#here = true;
    if (event.relatedTarget instanceof HTMLElement) {
      this.#before ??= event.relatedTarget;
    }
    this.#moved();
  };

  readonly #left = (event: FocusEvent): void => {
    this.#here = false;
    // Null: the window has lost it, and may get it back.
    this.#before = event.relatedTarget === null ? this.#before : null;
    this.#moved();
  };
}

/** What has the focus, in whatever shadow root. */
function activeElement(): HTMLElement | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) {
    active = active.shadowRoot.activeElement;
  }
  return active instanceof HTMLElement ? active : null;
}
