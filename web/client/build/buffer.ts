/** As much of Node's `Buffer` as the official client uses: bytes to base64, and back. */
export const Buffer = {
  from(data: ArrayBuffer | string): Bytes {
    return new Bytes(
      typeof data === "string" ? Array.from(atob(data), (byte) => byte.charCodeAt(0)) : new Uint8Array(data),
    );
  },
};

class Bytes extends Uint8Array {
  /** In base64, whatever is asked for: nothing else is. */
  override toString(): string {
    return btoa(Array.from(this, (byte) => String.fromCharCode(byte)).join(""));
  }
}
