/** What keys do in a feed. */
export type Command = "next" | "previous" | "first" | "last" | "open" | "turn" | "archive" | "leave";

const COMMANDS = new Map<string, Command>([
  ["j", "next"],
  ["ArrowDown", "next"],
  ["PageDown", "next"],
  ["k", "previous"],
  ["ArrowUp", "previous"],
  ["PageUp", "previous"],
  ["Home", "first"],
  ["End", "last"],
  ["Enter", "open"],
  ["u", "turn"],
  ["e", "archive"],
]);

/** With other keys held down they are the browser's. */
export function commandOf({ key, ctrlKey, altKey, metaKey, shiftKey }: KeyboardEvent): Command | null {
  if (altKey || metaKey || shiftKey) {
    return null;
  }
  if (ctrlKey) {
    return key === "End" ? "leave" : null;
  }
  return COMMANDS.get(key) ?? null;
}
