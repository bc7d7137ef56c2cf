/** Waiting between attempts. */

const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

/** Calls back on some occasion, until the function that it returns is called. */
export type Observable = (listener: () => void) => () => void;

/** Milliseconds to wait between attempts: growing, and scattered, so that not all clients come back at once. */
export function* waits(random: () => number = Math.random): Generator<number, never> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    yield wait * (0.5 + random());
  }
}

/** How a pause ended. */
export type PauseEnd = "over" | "woken" | "aborted";

/**
 * Wait, and leave nothing behind.
 *
 * @param milliseconds - at the longest; a browser stretches it in a tab that nobody sees.
 * @param signal - ends the wait when it is aborted.
 * @param wake - ends it, too.
 */
export function pause(milliseconds: number, signal?: AbortSignal, wake?: Observable): Promise<PauseEnd> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve("aborted");
      return;
    }
    const end = (how: PauseEnd): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      unsubscribe?.();
      resolve(how);
    };
    const abort = (): void => {
      end("aborted");
    };
    const timer = setTimeout(end, milliseconds, "over");
    signal?.addEventListener("abort", abort);
    const unsubscribe = wake?.(() => {
      end("woken");
    });
  });
}
