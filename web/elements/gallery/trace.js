/**
 * Measures how it scrolls: `node elements/gallery/trace.js`. Through five thousand cards while fifty a second arrive,
 * for ten seconds. Prints the longest tasks of the page's main thread: by the clock, which other work on the machine
 * lengthens, and by the processor time they took.
 */
import console from "node:console";
import process from "node:process";
import { chromium } from "playwright";
import { createServer } from "vite";

const server = await createServer({
  configFile: `${import.meta.dirname}/vite.config.ts`,
  server: { port: 0 },
  logLevel: "error",
});
await server.listen();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 520, height: 760 } });
await page.goto(`${server.resolvedUrls?.local[0]}?state=inbox-5000`);
await page.locator("body[data-shown]").waitFor();
await page.waitForTimeout(1500);
await browser.startTracing(page, {
  categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"],
});
// As text, for it runs in the page: `client` and `card` are what the gallery's state has put there.
const result = await page.evaluate(`(async () => {
  const feed = document.querySelector("belfry-inbox").shadowRoot.querySelector("belfry-feed");
  const arrivals = setInterval(() => client.arrive(card({ title: "One more", body: "word ".repeat(40) })), 20);
  const began = performance.now();
  while (performance.now() - began < 10000) {
    await new Promise(requestAnimationFrame);
    feed.scrollTop += 120;
  }
  clearInterval(arrivals);
  return { scrolled: feed.scrollTop, arrived: client.sorted.length - 5000, rendered: feed.shadowRoot.querySelectorAll("belfry-card").length };
})()`);
const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
// The page's main thread is the one that lays out most.
const layouts = new Map();
for (const { name, pid, tid } of traceEvents) {
  if (name === "Layout") {
    layouts.set(`${pid} ${tid}`, (layouts.get(`${pid} ${tid}`) ?? 0) + 1);
  }
}
const [main] = [...layouts].sort(([, one], [, other]) => other - one)[0] ?? [];
const tasks = traceEvents.filter(({ name, pid, tid }) => name === "RunTask" && `${pid} ${tid}` === main);
console.log(result, `${tasks.length} tasks`);
for (const [by, key] of [
  ["the clock", "dur"],
  ["processor time", "tdur"],
]) {
  const longest = tasks.map((task) => (task[key] ?? 0) / 1000).sort((one, other) => other - one);
  const first = longest.slice(0, 5).map((milliseconds) => milliseconds.toFixed(1));
  console.log(`longest, by ${by}, in ms: ${first.join(", ")}`);
}
await browser.close();
await server.close();
