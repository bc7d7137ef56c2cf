export { Belfry, type BelfryOptions } from "./belfry.ts";
export { onNotificationOpened } from "./desktop.ts";
export { BelfryError, SignedOutError } from "./errors.ts";
export { View } from "./rule.ts";
export type * from "./types.ts";
