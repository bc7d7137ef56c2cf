/** Where the provider sends people back to. */

import { loadSettings } from "./settings.ts";
import { completeSignIn } from "./sign-in.ts";

try {
  await completeSignIn(await loadSettings());
} catch (error) {
  const text = document.querySelector("p");
  if (text) text.textContent = error instanceof Error ? error.message : String(error);
  document.querySelector("main")?.classList.add("failed");
}
