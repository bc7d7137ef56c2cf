import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pause, waits } from "../src/backoff.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("waits grow to ten seconds, and are scattered by half of it", () => {
  const shortest = waits(() => 0);
  const longest = waits(() => 1);
  const pairs = Array.from({ length: 8 }, () => [shortest.next().value, longest.next().value]);
  expect(pairs.slice(0, 3)).toEqual([
    [125, 375],
    [250, 750],
    [500, 1_500],
  ]);
  expect(pairs.at(-1)).toEqual([5_000, 15_000]);
});

test("a pause ends by itself, by waking, or by being aborted, and leaves nothing behind", async () => {
  const listeners = new Set<() => void>();
  const wake = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  };
  const aborter = new AbortController();

  const over = pause(1_000, aborter.signal, wake);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await over).toBe("over");

  const woken = pause(1_000, aborter.signal, wake);
  for (const listener of listeners) listener();
  expect(await woken).toBe("woken");

  const aborted = pause(1_000, aborter.signal, wake);
  aborter.abort();
  expect(await aborted).toBe("aborted");
  expect(await pause(1_000, aborter.signal, wake)).toBe("aborted");
  expect(listeners.size).toBe(0);
});
