import { de } from "./de.ts";
import { en } from "./en.ts";
import { Format } from "./format.ts";
import type { SomeTexts, Texts } from "./text.ts";

export type * from "./text.ts";
export { de, en, Format };

/** A language that the elements can speak, and how its dates and numbers are written. */
export interface Speech {
  /** BCP 47, with the region where it is known. */
  readonly locale: string;
  readonly texts: Texts;
  readonly format: Format;
}

const texts = new Map<string, Texts>([
  ["en", en],
  ["de", de],
]);
const speeches = new Map<string, Speech>();
const listeners = new Set<() => void>();
let page: MutationObserver | null = null;

/**
 * Replace some texts of a language, or add a language. What is not given stays as it is; of a new language it is English.
 *
 * @param lang BCP 47, for example `fr` or `pt-BR`.
 */
export function setTexts(lang: string, replacements: SomeTexts): void {
  const key = lang.toLowerCase();
  texts.set(key, merged(find(key)?.[1] ?? en, replacements));
  speeches.clear();
  tell();
}

/** How to speak where this element stands: by the nearest `lang`, else by what the browser prefers; else English. */
export function speechAt(element: Element): Speech {
  const nearest = nearestLanguage(element);
  const wanted = nearest === "" ? navigator.languages : [nearest];
  const lang = wanted.find((candidate) => find(candidate.toLowerCase())) ?? "en";
  let speech = speeches.get(lang);
  if (!speech) {
    const [key, found] = find(lang.toLowerCase()) ?? ["en", en];
    const locale = regional(lang, key);
    speech = { locale, texts: found, format: new Format(locale) };
    speeches.set(lang, speech);
  }
  return speech;
}

/** Called when texts were replaced, or a `lang` of the page has changed. */
export function onSpeechChange(listener: () => void): () => void {
  listeners.add(listener);
  if (!page) {
    page = new MutationObserver(tell);
    page.observe(document, { subtree: true, attributeFilter: ["lang"] });
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      page?.disconnect();
      page = null;
    }
  };
}

function tell(): void {
  for (const listener of listeners) {
    listener();
  }
}

function find(lang: string): readonly [string, Texts] | null {
  for (let key = lang; key !== ""; key = key.slice(0, Math.max(0, key.lastIndexOf("-")))) {
    const found = texts.get(key);
    if (found) {
      return [key, found];
    }
  }
  return null;
}

/** A page in `en` is read by people in Britain, too: the browser knows how they write dates. */
function regional(lang: string, fallback: string): string {
  try {
    const { language, region } = new Intl.Locale(lang);
    return region
      ? lang
      : (navigator.languages.find((candidate) => new Intl.Locale(candidate).language === language) ?? lang);
  } catch {
    // A `lang` that is no language tag, such as `en_GB`.
    return fallback;
  }
}

function nearestLanguage(element: Element): string {
  for (
    let node: Node | null = element;
    node;
    node = node instanceof ShadowRoot ? node.host : node.parentNode
  ) {
    if (node instanceof Element && node.hasAttribute("lang")) {
      return node.getAttribute("lang") ?? "";
    }
  }
  return "";
}

function merged<T>(base: T, over: SomeTexts<T>): T {
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(base as object));
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    if (value !== undefined) {
      result[key] =
        typeof value === "object" && value !== null && typeof before === "object" && before !== null
          ? merged(before, value)
          : value;
    }
  }
  return result as T;
}
