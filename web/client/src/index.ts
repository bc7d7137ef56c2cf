export { Belfry, type BelfryOptions } from "./belfry.ts";
export { BelfryError, SignedOutError } from "./errors.ts";
export type { Opened } from "./opening.ts";
export { View } from "./rule.ts";
export type * from "./types.ts";
