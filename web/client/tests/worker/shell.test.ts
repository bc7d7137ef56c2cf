/** The ready-made service worker keeps the app's page and files for when there is no network. */

import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Site, Visitor } from "./site.ts";

const SHELL = "<!doctype html><title>Shell</title>";

let browser: Browser;
let site: Site;

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), Site.start()]);
});
afterAll(async () => {
  await browser.close();
  await site.goOffline();
});

async function isAnswered(page: Page, path: string): Promise<boolean> {
  return page.evaluate(async (path) => {
    try {
      return (await fetch(path)).ok;
    } catch {
      return false;
    }
  }, path);
}

test("an app that was opened once starts without a network, at any of its addresses", async () => {
  const visitor = await Visitor.arrive(browser, site, "?shell=/app/&api=/app/api");
  const page = await visitor.open();
  expect(await isAnswered(page, "/app/api/alerts")).toBe(true);
  await site.goOffline();
  await page.goto(`${site.origin}/app/orders/42`);
  expect(await page.title()).toBe("App runs");
  expect(await isAnswered(page, "/app/api/alerts")).toBe(false);
  await site.goOnline();
  await visitor.context.close();
});

test("a new version is shown as soon as there is a network, and kept with its files", async () => {
  const visitor = await Visitor.arrive(browser, site, "?shell=/app/&api=/app/api");
  const page = await visitor.open();
  site.put("/app/assets/index-NeuNeu42.js", "text/javascript", 'document.title = "New version";');
  site.put(
    "/app/",
    "text/html",
    '<!doctype html><script type="module" src="/app/assets/index-NeuNeu42.js"></script>',
  );
  await page.reload();
  expect(await page.title()).toBe("New version");
  await expect
    .poll(() =>
      visitor.worker.evaluate(
        async (scope) => (await (await caches.open(`belfry-shell-1 ${scope}`)).keys()).length,
        `${site.origin}/app/`,
      ),
    )
    .toBe(3);
  await site.goOffline();
  await page.reload();
  expect(await page.title()).toBe("New version");
  await site.goOnline();
  await visitor.context.close();
});

test("settings are kept for the start, and asked for anew while there is a network", async () => {
  const visitor = await Visitor.arrive(browser, site, "?shell=/app/&files=/app/settings.json,/app/logo.svg");
  const page = await visitor.open();
  const settings = (): Promise<unknown> =>
    page.evaluate(async () => (await (await fetch("/app/settings.json")).json()) as unknown);
  site.put("/app/settings.json", "application/json", '{"version": 2}');
  expect(await settings()).toEqual({ version: 2 });
  await site.goOffline();
  expect(await settings()).toEqual({ version: 2 });
  expect(await isAnswered(page, "/app/logo.svg")).toBe(true);
  await site.goOnline();
  await visitor.context.close();
});

test("an address that was opened before is shown as it was", async () => {
  const visitor = await Visitor.arrive(browser, site, "?shell=/app/");
  const page = await visitor.open("/app/office");
  await page.reload();
  await site.goOffline();
  await page.goto(`${site.origin}/app/office?tab=stock`);
  expect(await page.title()).toBe("Office");
  await site.goOnline();
  await visitor.context.close();
});

test("files whose names say what is in them are asked for once", async () => {
  const visitor = await Visitor.arrive(browser, site, "?shell=/app/");
  const page = await visitor.open();
  const before = site.asked.filter((path) => path.includes("/assets/")).length;
  await page.reload();
  expect(site.asked.filter((path) => path.includes("/assets/"))).toHaveLength(before);
  await visitor.context.close();
});

test("without being asked to, the worker keeps nothing", async () => {
  const visitor = await Visitor.arrive(browser, site);
  await visitor.open();
  expect(await visitor.worker.evaluate(() => caches.keys())).toEqual([]);
  await visitor.context.close();
});

test("a page that is made for one person is not kept", async () => {
  site.put("/app/", "text/html", SHELL);
  const visitor = await Visitor.arrive(browser, site, "?shell=/app/&api=/app/api");
  site.put("/app/account", "text/html", "<!doctype html><title>Ada's account</title>", {
    "cache-control": "private, no-cache",
  });
  const page = await visitor.open("/app/account");
  await page.reload();
  expect(await page.title()).toBe("Ada's account");
  await site.goOffline();
  await page.goto(`${site.origin}/app/account`);
  expect(await page.title()).toBe("Shell");
  await site.goOnline();
  await visitor.context.close();
});

test("a shell whose address has moved is shown without a network all the same", async () => {
  site.put("/app/start", "text/html", "", { location: "/app/" }, 302);
  site.put("/app/", "text/html", SHELL);
  const visitor = await Visitor.arrive(browser, site, "?shell=/app/start&api=/app/api");
  const page = await visitor.open();
  await site.goOffline();
  await page.goto(`${site.origin}/app/orders/42`);
  expect(await page.title()).toBe("Shell");
  await site.goOnline();
  await visitor.context.close();
});
