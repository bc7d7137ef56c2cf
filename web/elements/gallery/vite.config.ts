/** `npx vite elements/gallery`: every state of the elements, on the client in memory that the tests use. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["source", "module", "browser"] },
});
