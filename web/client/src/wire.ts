/** What the server sends: answers of the API, and frames of the live connection. docs/asyncapi.yaml has the frames. */

import type { Card } from "./types.ts";

/** A card that is to go from the screen: it was withdrawn, or has expired. */
export interface Withdrawn {
  readonly card: string;
  readonly position: string;
  readonly retracted: true;
}

export type AnyCard = Card | Withdrawn;

/** What the person said about one revision of a card. */
export interface Mark {
  readonly card: string;
  /** Of the revision that it is about; for any other it says nothing. */
  readonly position: string;
  /** Counts what was said about this card, so that of two marks the later one is known. */
  readonly version: number;
  /** Null: as if there were no mark. */
  readonly read?: boolean | null;
  readonly archived?: boolean;
}

/** What the person belongs to; of a topic, alerts that were stored before this moment are left out. */
export type Audiences = Readonly<Record<string, string | null>>;

/** What a page of the history and an answer about changes have in common. */
export interface Answer {
  readonly alerts: readonly AnyCard[];
  readonly marks: readonly Mark[];
  /** What was stored up to then is read, unless a mark says otherwise; empty: nothing is. */
  readonly readUpTo: string;
  readonly audiences: Audiences;
  /** What is withdrawn, archived or expired among these cards; of changes it stands among the alerts. */
  readonly gone?: readonly AnyCard[];
  /** 0 to 100, which stands for 100 and more. */
  readonly unread: number;
  /** What `GET /alerts/changes` is asked with. */
  readonly sync: string;
}

/** `GET /alerts`: cards newest first. */
export interface Page extends Answer {
  /** `before` of the next page; null: this is the last. */
  readonly next: string | null;
}

/** `GET /alerts/changes`: cards oldest first. */
export interface Changes extends Answer {
  /** Whether to ask again at once. */
  readonly more: boolean;
}

export type Frame =
  | { readonly type: "alerts"; readonly alerts: readonly AnyCard[] }
  | { readonly type: "marks"; readonly marks: readonly Mark[]; readonly readUpTo: string }
  | { readonly type: "audiences"; readonly erased?: true };

export function withdrawn(card: AnyCard): card is Withdrawn {
  return "retracted" in card;
}
