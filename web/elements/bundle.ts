/** Everything in one module, for pages without a build: the client, and the elements, defined. */
export { Belfry } from "@belfry/client";
export * from "./src/index.ts";
