/** Whose client this is: a name for what is kept on this device, and for what the tabs tell each other. */

/** What a token calls the person: issuer and id; null if it does not let anybody but the API read that. */
export function accountOf(token: string): string | null {
  const payload = decoded(token.split(".")[1] ?? "");
  const id = text(payload, "oid") ?? text(payload, "sub");
  return id === null ? null : `${text(payload, "iss") ?? ""} ${id}`;
}

// Not verified: it only names things here. The API verifies it.
function decoded(part: string): unknown {
  try {
    const base64 = part.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function text(payload: unknown, claim: string): string | null {
  if (typeof payload !== "object" || payload === null) return null;
  const value = (payload as Record<string, unknown>)[claim];
  return typeof value === "string" && value !== "" ? value : null;
}
