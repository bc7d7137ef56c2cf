export { BelfryElement, useBelfry } from "./element.ts";
export { de, en, setTexts, type SomeTexts, type Texts } from "./texts/index.ts";
