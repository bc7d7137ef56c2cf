import { cdp, page } from "vitest/browser";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { states } from "../gallery/states.ts";
import { clear, expectAccessible, findAll, settled } from "./page.ts";

/** What every state of the elements promises, in each look. */
const names = Object.keys(states).filter((name) => name !== "inbox-5000");

beforeAll(() => {
  const style = document.createElement("style");
  style.textContent =
    ".frame { block-size: 40rem } body { background: light-dark(#fff, #18191c); color: light-dark(#000, #fff) }";
  document.head.append(style);
  document.title = "Belfry";
});

beforeEach(() => {
  clear();
});

afterEach(async () => {
  clear();
  await page.viewport(414, 896);
});

async function show(name: string): Promise<void> {
  const main = document.createElement("main");
  document.body.append(main);
  await states[name]?.show(main);
  await settled();
  // What fades in is not as it will be.
  for (const animation of findAll(main, "*").flatMap((each) => each.getAnimations())) {
    if (animation.effect?.getTiming().iterations !== Infinity) {
      animation.finish();
    }
  }
}

for (const scheme of ["light", "dark"]) {
  test.each(names)(`%s has no accessibility violation in ${scheme}`, async (name) => {
    document.documentElement.style.colorScheme = scheme;
    await show(name);
    await expectAccessible();
  });
}

for (const width of [320, 375, 768, 1280, 1920]) {
  test.each(names)(`%s does not scroll sideways at ${width} pixels`, async (name) => {
    await page.viewport(width, 800);
    await show(name);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
    for (const each of findAll(
      document.body,
      "section, belfry-feed, .state, .filters, article, .bar, header, .view",
    )) {
      expect(each.scrollWidth, `${each.localName}.${each.className}`).toBeLessThanOrEqual(each.clientWidth);
    }
  });
}

test.each(names)("%s does not scroll sideways from right to left, in German", async (name) => {
  document.documentElement.dir = "rtl";
  document.documentElement.lang = "de";
  await page.viewport(320, 800);
  await show(name);
  for (const each of findAll(
    document.body,
    "section, belfry-feed, .state, .filters, article, .bar, header, .view",
  )) {
    expect(each.scrollWidth, `${each.localName}.${each.className}`).toBeLessThanOrEqual(each.clientWidth);
  }
});

test("what is chosen is told from what is not where the system sets all colours", async () => {
  const devtools = cdp() as unknown as { send(method: string, parameters: object): Promise<void> };
  const force = (value: string): Promise<void> =>
    devtools.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value }] });
  await force("active");
  try {
    let groups = 0;
    for (const name of ["inbox-filters", "preferences"]) {
      clear();
      await show(name);
      findAll(document.body, ".chip")[0]?.click();
      await settled();
      for (const group of findAll(document.body, ".choice:not(label), fieldset:has(.chip)")) {
        const all = [...group.querySelectorAll<HTMLElement>("button, .chip")];
        const looks = (chosen: boolean): string[] =>
          all
            .filter((each) => each.matches('[aria-pressed="true"], :has(:checked)') === chosen)
            .map((each) => getComputedStyle(each).backgroundColor);
        const [chosen, others] = [looks(true), looks(false)];
        expect(
          chosen.filter((look) => others.includes(look)),
          `${name} ${group.className}`,
        ).toEqual([]);
        groups += Math.min(chosen.length, 1);
      }
    }
    expect(groups).toBeGreaterThanOrEqual(3);
  } finally {
    await force("none");
  }
});
