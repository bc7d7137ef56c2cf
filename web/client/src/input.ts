/** What a tab is given to take, and what it has to pass on. */

import type { Said } from "./outbox.ts";
import type { Filter } from "./types.ts";
import type { AnyCard, Audiences, Changes, Frame, Mark, Page } from "./wire.ts";

/** What changes what is known. `exact`: nothing else happened around the time when the server counted. */
export type Input =
  | { readonly kind: "frame"; readonly frame: Frame }
  /** The history is being loaded anew; `first` is its first page. Until then what is there stays. */
  | { readonly kind: "renewing" }
  /** It could not be loaded. */
  | { readonly kind: "abandoned" }
  | { readonly kind: "first"; readonly page: Page; readonly exact: boolean }
  | { readonly kind: "changes"; readonly changes: Changes; readonly exact: boolean }
  /** A page of a list, from `before` (null: from the newest) on. */
  | {
      readonly kind: "page";
      readonly filter: Filter;
      readonly before: string | null;
      readonly page: Page;
      readonly exact: boolean;
    }
  /** A page that was asked for because of cards that are missing in between. */
  | { readonly kind: "mended"; readonly before: string; readonly page: Page; readonly exact: boolean }
  | { readonly kind: "said"; readonly said: Said }
  /** What was said has been confirmed, by a mark or by the moment up to which all is read; null: refused. */
  | {
      readonly kind: "settled";
      readonly id: string;
      readonly answer: Mark | { readonly readUpTo: string } | null;
    }
  /** Everything that the server knew of the person was erased. */
  | { readonly kind: "forget" };

/** All that is known, to be kept or passed on. */
export interface Kept {
  readonly cards: readonly AnyCard[];
  readonly marks: readonly Mark[];
  readonly readUpTo: string;
  readonly audiences: Audiences;
  readonly sync: string;
  readonly horizons: readonly (readonly [string, string])[];
  readonly beyond: number;
  readonly many: boolean;
  readonly user: string | null;
}
