import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContext,
  type CDPSession,
  chromium,
  type Page,
  type Worker,
} from "playwright";
import { build } from "vite";

const CLIENT = fileURLToPath(new URL("../..", import.meta.url));
const APP =
  '<!doctype html><title>App</title><script type="module" src="/app/assets/index-DiwrgTda.js"></script>';
const SCOPE = "/app/";

interface File {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** A site with an app below `/app/`, its service worker, and a page outside of it. Time and again it is offline. */
export class Site {
  readonly #files = new Map<string, File>();
  readonly asked: string[] = [];
  #server: Server | null = null;
  #port = 0;

  static async start(): Promise<Site> {
    const site = new Site();
    site.put("/app/belfry-worker.js", "text/javascript", await workerScript());
    site.put("/app/", "text/html", APP);
    site.put("/app/orders", "text/html", APP);
    site.put("/app/assets/index-DiwrgTda.js", "text/javascript", 'document.title = "App runs";');
    site.put("/app/office", "text/html", "<!doctype html><title>Office</title>");
    site.put("/app/settings.json", "application/json", '{"version": 1}');
    site.put("/app/logo.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    site.put("/app/api/alerts", "application/json", "{}");
    site.put("/outside", "text/html", "<!doctype html><title>Outside</title>");
    await site.goOnline();
    return site;
  }

  get origin(): string {
    return `http://localhost:${this.#port}`;
  }

  put(path: string, type: string, text: string, headers: Record<string, string> = {}, status = 200): void {
    this.#files.set(path, { headers: { ...headers, "content-type": type }, text, status });
  }

  async goOnline(): Promise<void> {
    const server = createServer((request, response) => {
      const path = (request.url ?? "").replace(/\?.*/, "");
      this.asked.push(path);
      const file = this.#files.get(path);
      response
        .writeHead(file?.status ?? 404, file?.headers ?? { "content-type": "text/plain" })
        .end(file?.text ?? "");
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "localhost", resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async goOffline(): Promise<void> {
    const server = this.#server;
    if (server) {
      this.#server = null;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    }
  }
}

/** The ready-made service worker, as it is built. */
export async function workerScript(): Promise<string> {
  const options = { root: CLIENT, configFile: `${CLIENT}/vite.worker.config.ts`, logLevel: "warn" } as const;
  const built = await build({ ...options, build: { write: false } });
  const [first] = [built].flat();
  if (first === undefined || !("output" in first)) {
    throw new Error("nothing was built");
  }
  return first.output[0].code;
}

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/**
 * In the worker: who asks for notifications does so before one is shown, or after. Chromium forgets a notification that is
 * on its way to the screen while it is asked for those that are there.
 */
function inTurn(): void {
  const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
  let last: Promise<unknown> = Promise.resolve();
  for (const name of ["showNotification", "getNotifications"] as const) {
    const work = registration[name].bind(registration) as (...given: unknown[]) => Promise<unknown>;
    const value = (...given: unknown[]): Promise<unknown> => {
      const next = (): Promise<unknown> => work(...given);
      return (last = last.then(next, next));
    };
    Object.defineProperty(registration, name, { value, writable: true });
  }
}

/** A person's browser in which the app has been opened once. Its page is outside of the app. */
export class Visitor {
  readonly site: Site;
  readonly context: BrowserContext;
  /** Outside of the app: it looks on, and counts as nobody who sees the app. */
  readonly outside: Page;
  readonly worker: Worker;
  readonly #devtools: CDPSession;
  readonly #registration: string;

  private constructor(site: Site, outside: Page, worker: Worker, devtools: CDPSession, registration: string) {
    this.site = site;
    this.context = outside.context();
    this.outside = outside;
    this.worker = worker;
    this.#devtools = devtools;
    this.#registration = registration;
  }

  static async arrive(browser: Browser, site: Site, query = ""): Promise<Visitor> {
    const context = await browser.newContext();
    await context.grantPermissions(["notifications"], { origin: site.origin });
    const outside = await context.newPage();
    const devtools = await context.newCDPSession(outside);
    const registered = new Promise<string>((resolve) => {
      devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const found = registrations.find(({ scopeURL }) => scopeURL === site.origin + SCOPE);
        if (found) {
          resolve(found.registrationId);
        }
      });
    });
    await devtools.send("ServiceWorker.enable");
    await outside.goto(`${site.origin}/outside`);
    await outside.evaluate(async (url) => {
      const { installing } = await navigator.serviceWorker.register(url);
      await new Promise<void>((resolve) => {
        installing?.addEventListener("statechange", () => {
          if (installing.state === "activated") {
            resolve();
          }
        });
      });
    }, `${SCOPE}belfry-worker.js${query}`);
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
    await worker.evaluate(inTurn);
    return new Visitor(site, outside, worker, devtools, await registered);
  }

  /** Deliver a push, as a push service does. */
  async push(payload: object | string): Promise<void> {
    const data = typeof payload === "string" ? payload : JSON.stringify(payload);
    const { origin } = this.site;
    await this.#devtools.send("ServiceWorker.deliverPushMessage", {
      origin,
      registrationId: this.#registration,
      data,
    });
  }

  /** Titles of the notifications that the browser has. */
  async notifications(): Promise<string[]> {
    return this.worker.evaluate(async () => {
      const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
      return (await registration.getNotifications()).map(({ title }) => title).sort();
    });
  }

  /** Open a page of the app. */
  async open(path = SCOPE): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(this.site.origin + path);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    return page;
  }
}
