import { chromium } from "playwright";
import type { Browser, BrowserContext, Page } from "playwright";
import { createServer } from "vite";
import type { ViteDevServer } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ANSWER_TIME } from "../../src/tabs.ts";
import { eventually } from "../eventually.ts";
import type {} from "./in-page.ts";
import { Relay } from "./relay.ts";
import { Service } from "./service.ts";

const PAGE = `<!doctype html><title>A tab</title><script type="module" src="/tests/contract/in-page.ts"></script>`;
const CLIENT = new URL("../../", import.meta.url).pathname;

let server: ViteDevServer;
let chrome: Browser;
let service: Service;
let relay: Relay;
let context: BrowserContext;

beforeAll(async () => {
  server = await createServer({
    configFile: false,
    root: CLIENT,
    logLevel: "error",
    server: { port: 0, host: "localhost", hmr: false },
    plugins: [
      {
        name: "an empty page",
        configureServer(opened) {
          opened.middlewares.use((request, response, next) => {
            if (request.url !== "/" && request.url !== "/elsewhere") {
              next();
              return;
            }
            response.setHeader("Content-Type", "text/html").end(PAGE);
          });
        },
      },
    ],
  });
  await server.listen();
  chrome = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  service = await Service.start();
});

afterAll(async () => {
  await service.kill();
  await chrome.close();
  await server.close();
});

beforeEach(async () => {
  relay = await Relay.start(service.port);
  context = await chrome.newContext();
});

afterEach(async () => {
  await context.close();
  await relay.stop();
});

async function open(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(server.resolvedUrls?.local[0] ?? "");
  await page.waitForFunction(() => "inPage" in globalThis);
  return page;
}

async function openTab(): Promise<Page> {
  const page = await open();
  await page.evaluate(() => {
    inPage.startTabs();
  });
  return page;
}

async function openLive(): Promise<Page> {
  const page = await open();
  await page.evaluate(
    (address) => {
      inPage.openLive(address);
    },
    service.address("ada", { via: relay.url }),
  );
  return page;
}

async function hears(page: Page, ...news: unknown[]): Promise<void> {
  await eventually(async () => {
    expect(await page.evaluate(() => inPage.told)).toEqual(news);
  });
}

/** Do nothing else, so that nothing else is done: what a frozen tab looks like to the others. */
async function stall(page: Page, milliseconds: number): Promise<void> {
  await page.evaluate((duration) => {
    setTimeout(() => {
      for (const end = Date.now() + duration; Date.now() < end;);
    });
  }, milliseconds);
}

test("tabs of a real browser have one leader, and the next one leads when it is closed", async () => {
  const first = await openTab();
  await hears(first, "leads");
  const second = await openTab();
  await hears(second, "follows");
  await first.evaluate(() => {
    inPage.post({ cards: [1] });
  });
  await hears(second, "follows", { cards: [1] });
  await first.close();
  await hears(second, "follows", { cards: [1] }, "leads");
});

test("a leader that does not answer is robbed by the tab that is looked at, and follows from then on", async () => {
  const first = await openTab();
  await hears(first, "leads");
  await stall(first, 2 * ANSWER_TIME);
  const second = await openTab();
  await hears(second, "follows", "leads");
  await hears(first, "leads", "follows");
});

test("a page that is left gives the lead away, and one that is gone back to asks for it again", async () => {
  const first = await openTab();
  await hears(first, "leads");
  const second = await openTab();
  await hears(second, "follows");
  await first.goto(new URL("/elsewhere", first.url()).href);
  await hears(second, "follows", "leads");
  await first.goBack();
  // Chromium may have kept the page or not: one that it kept follows now.
  const kept = await first.evaluate(() => "inPage" in globalThis && inPage.told.length > 0);
  if (kept) await hears(first, "leads", "follows", "follows");
});

test("a live connection of a real browser brings frames, recovers, and leaves nothing open", async () => {
  const page = await openLive();
  await hears(page, "live");
  relay.break();
  await service.send("users/ada", { type: "alerts" });
  await hears(page, "live", { type: "alerts" });
  await page.evaluate(() => {
    inPage.closeLive();
  });
  await eventually(() => {
    expect(relay.open).toBe(0);
  });
});

test("a live connection that is half open is replaced as soon as the page is seen again", async () => {
  const page = await openLive();
  await hears(page, "live");
  // As after a sleep: time has passed, and nobody has told the socket.
  relay.swallow();
  await page.evaluate(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 3_600_000;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await hears(page, "live", "waiting", "live");
  await service.send("users/ada", { type: "alerts" });
  await hears(page, "live", "waiting", "live", { type: "alerts" });
});
