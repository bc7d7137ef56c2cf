import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const conditions = ["source"];
// Long enough for a busy machine: a test that hangs is found, one that waits for its turn is not blamed.
const timeouts = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions },
        test: {
          name: "client",
          root: "client",
          include: ["tests/**/*.test.ts"],
          environment: "node",
          ...timeouts,
        },
      },
      {
        resolve: { conditions },
        test: {
          name: "shop",
          root: "shop",
          include: ["tests/**/*.test.ts"],
          environment: "node",
          ...timeouts,
        },
      },
      {
        resolve: { conditions },
        // Found out only while tests run, they would reload the page under them.
        optimizeDeps: {
          include: [
            "axe-core",
            "lit",
            ...["class-map", "if-defined", "live", "repeat"].map((name) => `lit/directives/${name}.js`),
          ],
        },
        test: {
          name: "elements",
          root: "elements",
          include: ["tests/**/*.test.ts"],
          ...timeouts,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
                args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
              },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
