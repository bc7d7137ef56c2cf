/** The app's shell without a network: its page and its built files are kept, and nothing that is a person's. */

export interface ShellOptions {
  /** The page that all addresses of the app show; the one that is loaded when there is no network. */
  readonly page: string;
  /** Paths that begin so have their content's hash in their names, and never change. */
  readonly assets?: string;
  /** Where the API is: never kept, whatever it answers. */
  readonly api?: string;
}

const CACHE = "belfry-shell-1";
/** How long the network may take before the page that was kept is shown. */
const NETWORK_MILLISECONDS = 3_000;
/** Of other versions of the app, and those that are loaded later; the oldest go first. */
const MOST_ASSETS = 200;
/** `index-DiwrgTda.js`, `app.3f2a9c1e.css`. */
const HASHED = /[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/i;

/** Answer for the app's page and files where the network does not. Call it when the script runs first, not later. */
export function installShell(worker: ServiceWorkerGlobalScope, options: ShellOptions): void {
  const { scope } = worker.registration;
  const page = new URL(options.page, scope).href;
  const assets = new URL(options.assets ?? "assets/", scope).href;
  const api = new URL(options.api ?? "/api", scope).href;
  const isAsset = (url: string): boolean => url.startsWith(assets) && HASHED.test(url);

  worker.addEventListener("install", (event) => {
    const request = new Request(page, { cache: "reload" });
    event.waitUntil(
      Promise.all([caches.open(CACHE), fetch(request)]).then((found) => keep(...found, page, isAsset)),
    );
  });
  worker.addEventListener("fetch", (event) => {
    const { method, headers, mode, url } = event.request;
    if (method !== "GET" || headers.has("authorization") || isWithin(url, api)) {
      return;
    }
    if (mode === "navigate") {
      event.respondWith(networkFirst(event, page, isAsset));
    } else if (isAsset(url)) {
      event.respondWith(cacheFirst(event.request));
    }
  });
}

function isWithin(url: string, folder: string): boolean {
  return url === folder || url.startsWith(`${folder}/`) || url.startsWith(`${folder}?`);
}

async function networkFirst(
  event: FetchEvent,
  page: string,
  isAsset: (url: string) => boolean,
): Promise<Response> {
  const cache = await caches.open(CACHE);
  const answered = fetch(event.request);
  // A network that fails is dealt with below; a page that cannot be kept has been shown all the same.
  event.waitUntil(answered.then((answer) => keep(cache, answer, page, isAsset)).catch(() => undefined));
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, NETWORK_MILLISECONDS));
  try {
    return (await Promise.race([answered, late])) ?? (await cache.match(page)) ?? (await answered);
  } catch (error) {
    const kept = await cache.match(page);
    if (kept) {
      return kept;
    }
    throw error;
  }
}

async function cacheFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept) {
    return kept;
  }
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request, answer.clone());
  }
  return answer;
}

/** Keep a page, once all files that it names are kept: what is there without a network is always of one version. */
async function keep(
  cache: Cache,
  answer: Response,
  page: string,
  isAsset: (url: string) => boolean,
): Promise<void> {
  const isPage = answer.ok && answer.headers.get("content-type")?.startsWith("text/html");
  if (!isPage || answer.headers.get("cache-control")?.includes("no-store")) {
    return;
  }
  const copy = answer.clone();
  const named = Array.from(
    (await answer.clone().text()).matchAll(/(?:src|href)="([^"]+)"/g),
    ([, path = ""]) => path,
  );
  const files = named.map((path) => new URL(path, page).href).filter(isAsset);
  const there = await Promise.all(files.map((file) => cache.match(file)));
  await cache.addAll(files.filter((_, index) => there[index] === undefined));
  await cache.put(page, copy);
  const kept = (await cache.keys()).filter(({ url }) => isAsset(url) && !files.includes(url));
  await Promise.all(
    kept.slice(0, Math.max(kept.length - MOST_ASSETS, 0)).map((request) => cache.delete(request)),
  );
}
