/** What is on the screen of a phone, after everything that it was sent. Pure. */

/** What the local Notification Hubs tell of a device; only what is needed here. */
export interface Device {
  readonly installationId: string;
  /** Newest first. */
  readonly notifications: readonly Delivery[];
}

export interface Delivery {
  readonly number: number;
  /** RFC 3339. */
  readonly at: string;
  readonly title: string;
  readonly body: string;
  readonly outcome: string;
  readonly payload: unknown;
}

/** One notification on the screen. */
export interface Shown {
  readonly card: string;
  readonly title: string;
  readonly body: string;
  readonly severity: string;
  readonly at: string;
}

/** What the screen shows, newest first: as an app on the phone does with each message. */
export function onScreen(device: Device): readonly Shown[] {
  const shown = new Map<string, Shown & { readonly position: string; readonly stored: string }>();
  for (const { title, body, at, outcome, payload } of device.notifications.toReversed()) {
    if (outcome !== "delivered") continue;
    const { type, card = "", position = "", upTo, severity = "info", at: stored = "" } = dataOf(payload);
    if (type === "alert") {
      const known = shown.get(card);
      if (known && known.position > position) continue;
      shown.delete(card); // the newest is on top
      shown.set(card, { card, title, body, severity, at, position, stored });
    } else if (type === "clear") {
      for (const each of shown.values()) {
        const meant = card ? each.card === card && each.position <= position : isBefore(each.stored, upTo);
        if (meant) shown.delete(each.card);
      }
    }
  }
  return [...shown.values()].toReversed();
}

function isBefore(stored: string, upTo: string | undefined): boolean {
  return stored !== "" && upTo !== undefined && stored <= upTo;
}

type Data = Readonly<Partial<Record<"type" | "card" | "position" | "upTo" | "severity" | "at", string>>>;

/** What a message of Firebase Cloud Messaging carries for the app. */
function dataOf(payload: unknown): Data {
  const message = (payload as { message?: { data?: Data; android?: { data?: Data } } } | null)?.message;
  return { ...message?.data, ...message?.android?.data };
}
