/** What goes with a person to the sign-in page and comes back. */

/** Who sits there: a customer, or somebody of the back office. */
export type Seat = "customer" | "office";

export interface Journey {
  /** Where they go on, on this site: a path, or absolute. */
  readonly returnTo: string;
  /** Who signs in next, before they go on. */
  readonly next: readonly Seat[];
}

/** As it was written, `returnTo` absolute. It was kept on this device, but still: nobody is led away from this site. */
export function readJourney(state: unknown, origin: string): Journey {
  const { returnTo = "/", next = [] } = (state ?? {}) as Partial<Journey>;
  return { returnTo: within(origin, returnTo), next };
}

/** Read as browsers read it: they see two slashes also where there is a tab or a dot between them. */
function within(origin: string, address: string): string {
  const url = URL.canParse(address, origin) ? new URL(address, origin) : null;
  return url?.origin === origin ? url.href : `${origin}/`;
}
