import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const conditions = ["source"];

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions },
        test: { name: "client", root: "client", include: ["tests/**/*.test.ts"], environment: "node" },
      },
      {
        resolve: { conditions },
        test: {
          name: "elements",
          root: "elements",
          include: ["tests/**/*.test.ts"],
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
