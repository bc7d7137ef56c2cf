import { resolve } from "node:path";
import type { Plugin } from "vite";

const INSTEAD: Readonly<Record<string, string>> = {
  buffer: resolve(import.meta.dirname, "buffer.ts"),
  events: resolve(import.meta.dirname, "events.ts"),
};

/**
 * Gives the official client of Web PubSub the few lines that it needs of Node's `buffer` and `events`, instead of the
 * packages of these names: a quarter of what `@belfry/client` weighs. Other packages get what they ask for.
 */
export function withoutPolyfills(): Plugin {
  return {
    name: "without-polyfills",
    enforce: "pre",
    resolveId: insteadOf,
  };
}

/** The file that stands in for what a module imports; undefined: what it asks for is right. */
export function insteadOf(id: string, importer: string | undefined): string | undefined {
  return importer?.includes("/@azure/web-pubsub-client/") ? INSTEAD[id] : undefined;
}
