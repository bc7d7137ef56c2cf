/** An address that may be followed. */
export interface Link {
  readonly href: string;
  /** Whether it leaves the app. */
  readonly external: boolean;
}

/** Only within the app, or https; null for anything else. */
export function followable(url: string | undefined): Link | null {
  if (url === undefined || !URL.canParse(url, document.baseURI)) {
    return null;
  }
  const { href, origin, protocol } = new URL(url, document.baseURI);
  // Pages without an origin have "null" as theirs, as have addresses that are scripts: so the protocol counts, too.
  if (origin === location.origin && protocol === location.protocol) {
    return { href, external: false };
  }
  return protocol === "https:" ? { href, external: true } : null;
}
