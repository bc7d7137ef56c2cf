import { vi } from "vitest";

/** Once this holds. It is looked at again and again, for so long that a busy machine is not taken for a broken one. */
export async function eventually(check: () => void | Promise<void>, milliseconds = 30_000): Promise<void> {
  await vi.waitFor(check, milliseconds);
}
