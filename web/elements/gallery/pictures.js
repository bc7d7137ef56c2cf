/**
 * Takes pictures of the states: `node elements/gallery/pictures.js <folder> [part of a state's name]`.
 * Each light and dark on a desktop, light on a phone, and some in German and from right to left.
 */
import console from "node:console";
import process from "node:process";
import { chromium } from "playwright";
import { createServer } from "vite";

const [folder = "pictures", part = ""] = process.argv.slice(2);
const server = await createServer({
  configFile: `${import.meta.dirname}/vite.config.ts`,
  server: { port: 0 },
  logLevel: "error",
});
await server.listen();
const address = server.resolvedUrls?.local[0] ?? "";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const desktop = { viewport: { width: 520, height: 760 }, deviceScaleFactor: 2 };
const phone = { viewport: { width: 375, height: 720 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const looks = [
  { name: "light", device: desktop, query: "scheme=light" },
  { name: "dark", device: desktop, query: "scheme=dark" },
  { name: "phone", device: phone, query: "scheme=light" },
  {
    name: "de",
    device: desktop,
    query: "scheme=light&lang=de",
    only: ["inbox", "inbox-filters", "inbox-offline"],
  },
  { name: "rtl", device: desktop, query: "scheme=dark&dir=rtl", only: ["inbox", "bell-open", "inbox-held"] },
];
const opener = await browser.newPage();
await opener.goto(address);
const names = await opener.locator("h2").allTextContents();
for (const { name: look, device, query, only } of looks) {
  const context = await browser.newContext(device);
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    console.error(error);
  });
  for (const name of names.filter((each) => each.includes(part) && (!only || only.includes(each)))) {
    await page.goto(`${address}?state=${name}&${query}`);
    await page.locator("body[data-shown]").waitFor();
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${folder}/${name}-${look}.png` });
  }
  await context.close();
}
await browser.close();
await server.close();
