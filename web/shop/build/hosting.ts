/**
 * How the shop is hosted: which page shows which path, and what every answer says to the browser.
 *
 * `staticwebapp.config.json` is made of it rather than kept as a file: whoever deploys with the tools of Static Web Apps
 * gets the last file of that name which these find below `web/`, so there must be only the one that is built.
 */

/** Paths that alerts lead to, and the page that shows them; with `/*` at the end, also all paths below. */
const PAGES: Readonly<Record<string, string>> = {
  "/orders": "/customer.html",
  "/orders/*": "/customer.html",
  "/news": "/customer.html",
  "/offers": "/customer.html",
  "/preferences": "/customer.html",
  "/desk": "/office.html",
  "/desk/*": "/office.html",
  "/stock": "/office.html",
  "/reports": "/office.html",
};

/** Nothing comes from elsewhere but pictures. A deployment narrows `connect-src` down to its own services. */
const POLICY: Readonly<Record<string, string>> = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data: https:",
  "font-src": "'self'",
  "connect-src": "'self' https: wss: http://localhost:* ws://localhost:*",
  "frame-src": "'self'",
  "manifest-src": "'self'",
  "worker-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'self'",
  "frame-ancestors": "'self'",
};

/** The page that shows a path; null: none does. */
export function pageOf(path: string): string | null {
  const route = Object.keys(PAGES).find((route) =>
    route.endsWith("/*") ? path.startsWith(route.slice(0, -1)) : path === route,
  );
  return route === undefined ? null : (PAGES[route] ?? null);
}

/** The text of `staticwebapp.config.json`. */
export function hosting(): string {
  const configuration = {
    $schema: "https://json.schemastore.org/staticwebapp.config.json",
    routes: [
      { route: "/assets/*", headers: { "Cache-Control": "public, max-age=31536000, immutable" } },
      { route: "/belfry.js", headers: { "Access-Control-Allow-Origin": "*" } },
      ...Object.entries(PAGES).map(([route, page]) => ({ route, rewrite: page })),
    ],
    navigationFallback: {
      rewrite: "/index.html",
      exclude: ["/assets/*", "*.{css,html,js,json,map,png,svg,webmanifest}"],
    },
    globalHeaders: {
      "Cache-Control": "no-cache",
      "Content-Security-Policy": Object.entries(POLICY)
        .map(([directive, sources]) => `${directive} ${sources}`)
        .join("; "),
      "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
      "Referrer-Policy": "same-origin",
      "X-Content-Type-Options": "nosniff",
      "X-XSS-Protection": "",
    },
  };
  return JSON.stringify(configuration, null, 2);
}
