export { announce, announceArrivals } from "./announcer.ts";
export { BellElement } from "./bell.ts";
export { CardElement, type OpenDetail } from "./card.ts";
export { BelfryElement, useBelfry } from "./element.ts";
export { InboxElement } from "./inbox.ts";
export type { Topic } from "./preference-fields.ts";
export { PreferencesElement } from "./preferences.ts";
export { ToastsElement, type Placement } from "./toasts.ts";
export { de, en, setTexts, type SomeTexts, type Texts } from "./texts/index.ts";
