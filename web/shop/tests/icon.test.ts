import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { pngIcon } from "../build/icon.ts";

/** Red, green, blue and opacity of a pixel. */
function pixel(png: Uint8Array, x: number, y: number): readonly number[] {
  const bytes = Buffer.from(png);
  const width = bytes.readUInt32BE(16);
  const length = bytes.readUInt32BE(33);
  const rows = inflateSync(bytes.subarray(41, 41 + length));
  const at = y * (width * 4 + 1) + 1 + x * 4;
  return [...rows.subarray(at, at + 4)];
}

test("an icon is a PNG of its size, with the house on nothing", () => {
  const icon = pngIcon(64);
  expect(Buffer.from(icon).subarray(1, 4).toString()).toBe("PNG");
  expect(Buffer.from(icon).readUInt32BE(16)).toBe(64);
  expect(pixel(icon, 0, 0)).toEqual([0, 0, 0, 0]);
  expect(pixel(icon, 12, 50)).toEqual([0xa5, 0x45, 0x1b, 255]);
});

test("an icon that may be cut to any form has a ground to its edges", () => {
  expect(pixel(pngIcon(64, true), 0, 0)).toEqual([0xf6, 0xf0, 0xe6, 255]);
});
