/** What a deployment decides about the shop. */

export interface Settings {
  /** URL of the OpenID Connect provider, as it names itself. */
  readonly issuer: string;
  readonly clientId: string;
  /** What is asked of the provider; with `offline_access` nobody has to sign in every hour. */
  readonly scope: string;
  /** Where Belfry's API is, as a page of this site calls it. */
  readonly api: string;
  /** A header that carries the token as well, for hosts that put something of their own into `Authorization`. */
  readonly tokenHeader: string | null;
  /** A local Notification Hubs, whose phones the stage shows; null in Azure, which has no such page. */
  readonly hub: string | null;
  /** Whom the provider is to suggest, by seat. */
  readonly hints: { readonly customer: string | null; readonly office: string | null };
}

/** Read `/shop.json`. Rejects with a sentence for people. */
export async function loadSettings(): Promise<Settings> {
  const response = await fetch("/shop.json", { cache: "no-cache" });
  if (!response.ok)
    throw new Error(`The shop's settings cannot be read: /shop.json answered ${response.status}.`);
  return readSettings(await response.json());
}

/** Check what `/shop.json` says; throws an error that names the key that is missing or wrong. */
export function readSettings(given: unknown): Settings {
  const values = record(given, "/shop.json");
  const hints = values.hints === undefined ? {} : record(values.hints, "hints");
  return {
    issuer: text(values, "issuer"),
    clientId: text(values, "clientId"),
    scope: text(values, "scope"),
    api: text(values, "api"),
    tokenHeader: optionalText(values, "tokenHeader"),
    hub: optionalText(values, "hub"),
    hints: { customer: optionalText(hints, "customer"), office: optionalText(hints, "office") },
  };
}

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`The shop's settings are wrong: ${name} must be an object.`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function text(values: Readonly<Record<string, unknown>>, key: string): string {
  const value = values[key];
  if (typeof value !== "string" || value === "") {
    throw new Error(`The shop's settings are wrong: ${key} must be a text.`);
  }
  return value;
}

function optionalText(values: Readonly<Record<string, unknown>>, key: string): string | null {
  return values[key] === undefined || values[key] === null || values[key] === "" ? null : text(values, key);
}
