/** An id that nobody else has. (crypto.randomUUID is missing in pages without https.) */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
}
