/** Which part of a page is shown: by its path, without loading the page anew. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Navigation implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #own: RegExp;

  /**
   * @param host the page's element, in which links are followed.
   * @param own the paths that this page shows.
   */
  constructor(host: ReactiveControllerHost & HTMLElement, own: RegExp) {
    this.#host = host;
    this.#own = own;
    host.addController(this);
  }

  get path(): string {
    return location.pathname;
  }

  /** Whether what is shown is this, or a part of it. */
  isWithin(path: string): boolean {
    return this.path === path || this.path.startsWith(`${path}/`);
  }

  hostConnected(): void {
    addEventListener("popstate", this.#moved);
    this.#host.addEventListener("click", this.#clicked);
  }

  hostDisconnected(): void {
    removeEventListener("popstate", this.#moved);
    this.#host.removeEventListener("click", this.#clicked);
  }

  /** Go to an address; true: it was one of this page's, and is shown. */
  go(address: string): boolean {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !this.#own.test(url.pathname)) return false;
    if (url.pathname !== location.pathname) history.pushState(null, "", url.pathname);
    this.#moved();
    scrollTo({ top: 0 });
    return true;
  }

  readonly #moved = (): void => {
    this.#host.requestUpdate();
    void this.#host.updateComplete.then(() => {
      this.#keepFocus();
    });
  };

  /** A link in what was shown has gone with it: whoever was on it goes on where the new page begins. */
  #keepFocus(): void {
    const heading = this.#host.querySelector<HTMLElement>("h1");
    if (heading && document.activeElement === document.body) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
  }

  readonly #clicked = (event: Event): void => {
    const { button, metaKey, ctrlKey, shiftKey, altKey } = event as MouseEvent;
    if (event.defaultPrevented || button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return;
    const link = event.composedPath().find((each) => each instanceof HTMLAnchorElement);
    if (link && !link.target && this.go(link.href)) event.preventDefault();
  };
}
