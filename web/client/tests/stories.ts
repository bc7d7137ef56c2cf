/** Stories that happened to the client in Python, and what the server showed: see scripts/write_client_stories.py. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Changes, Frame, Page } from "../src/wire.ts";

/** A card as it has to be shown: card, position, title, read, archived. */
export type Outline = readonly [string, string, string, boolean, boolean];

/** Something that happened to the client; `now` is as of Date.now. */
export type Event = { readonly now: number } & (
  | { readonly do: "clear" }
  | { readonly do: "forget" }
  | { readonly do: "answer"; readonly answer: Page | Changes }
  | { readonly do: "frame"; readonly frame: Frame }
  | { readonly do: "check"; readonly cards: readonly Outline[]; readonly unread: number }
);

export interface Story {
  /** Which line of the rule it is the shortest story about, if it is. */
  readonly about: string | null;
  readonly events: readonly Event[];
}

const FILE = fileURLToPath(new URL("stories.json", import.meta.url));

export function stories(): readonly Story[] {
  if (!existsSync(FILE)) {
    throw new Error(
      "The stories are made by the server's own code. In the repository's root:\n" +
        ".venv/bin/python -m scripts.write_client_stories web/client/tests/stories.json",
    );
  }
  return JSON.parse(readFileSync(FILE, "utf-8")) as Story[];
}
