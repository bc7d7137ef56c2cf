export { Belfry, type BelfryOptions } from "./belfry.ts";
export { BelfryError, SignedOutError } from "./errors.ts";
export { View } from "./rule.ts";
export type * from "./types.ts";
