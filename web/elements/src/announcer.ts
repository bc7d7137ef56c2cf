import type { BelfryClient, Card, Unsubscribe } from "@belfry/client";
import { onOtherPerson } from "./element.ts";
import type { Speech } from "./texts/index.ts";

/** How long arrivals are gathered, in milliseconds: who reads by ear wants to know that they came, not each one. */
const GATHERED = 1500;

const regions = new Map<"polite" | "assertive", HTMLElement>();
const watched = new WeakMap<BelfryClient, { speakers: Set<() => Speech>; stop: Unsubscribe }>();

/**
 * Say something to people who use a screen reader. The page has one polite and one assertive region for all elements,
 * outside of them: so a region is there before it has something to say, and stays when an element goes.
 */
export function announce(text: string, { locale }: Speech, assertive = false): void {
  const region = regionFor(assertive ? "assertive" : "polite");
  region.lang = locale;
  const line = document.createElement("div");
  line.textContent = text;
  region.append(line);
  setTimeout(() => {
    line.remove();
  }, 5000);
}

/**
 * Announce what arrives, however many elements ask for it: one by its title, several by their number; critical ones
 * assertively. A repeat or a burst is one announcement.
 */
export function announceArrivals(client: BelfryClient, speech: () => Speech): Unsubscribe {
  let entry = watched.get(client);
  if (!entry) {
    const speakers = new Set<() => Speech>();
    entry = { speakers, stop: gather(client, speakers) };
    watched.set(client, entry);
  }
  const { speakers, stop } = entry;
  // One of its own for each who asks, so that the same function twice is two.
  const own = (): Speech => speech();
  speakers.add(own);
  return () => {
    speakers.delete(own);
    if (speakers.size === 0) {
      stop();
      watched.delete(client);
    }
  };
}

function gather(client: BelfryClient, speakers: ReadonlySet<() => Speech>): Unsubscribe {
  // Prepared now: a region that appears together with its text is not read by all screen readers.
  regionFor("polite");
  regionFor("assertive");
  let arrived = new Map<string, Card>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const unsubscribe = client.onArrival((card) => {
    arrived.set(card.card, card);
    timer ??= setTimeout(() => {
      timer = undefined;
      const cards = [...arrived.values()];
      arrived = new Map();
      const [speech] = speakers;
      if (speech) {
        say(cards, speech());
      }
    }, GATHERED);
  });
  const forget = onOtherPerson(client, () => {
    arrived.clear();
  });
  return () => {
    unsubscribe();
    forget();
    clearTimeout(timer);
  };
}

function say(cards: readonly Card[], speech: Speech): void {
  const texts = speech.texts.announce;
  const critical = cards.filter((card) => card.severity === "critical");
  const others = cards.filter((card) => card.severity !== "critical");
  const [onlyCritical] = critical;
  if (onlyCritical) {
    const text =
      critical.length === 1 ? texts.critical(onlyCritical.title) : texts.criticals(critical.length);
    announce(text, speech, true);
  }
  const [other] = others;
  if (other) {
    announce(others.length === 1 ? texts.arrived(other.title) : texts.arrivals(others.length), speech);
  }
}

function regionFor(politeness: "polite" | "assertive"): HTMLElement {
  let region = regions.get(politeness);
  if (!region) {
    region = document.createElement("div");
    region.className = "belfry-announcer";
    region.role = politeness === "polite" ? "status" : "alert";
    region.ariaLive = politeness;
    // Each line by itself, not again those that are still there.
    region.ariaAtomic = "false";
    region.style.cssText =
      "position:fixed;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
    regions.set(politeness, region);
  }
  if (!region.isConnected) {
    document.body.append(region);
  }
  return region;
}
