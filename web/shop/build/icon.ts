/** The icon of the house: drawn once, and written as SVG and as PNG of any size, for platforms that take no SVG. */

import { crc32, deflateSync } from "node:zlib";

type Point = readonly [x: number, y: number];

interface Shape {
  readonly colour: number;
  /** Absolute commands alone: M, L, C and Z. */
  readonly path: string;
}

const SIZE = 32;
/** What every mask leaves: a circle of four fifths of the width. */
const MASKABLE_MARGIN = 8;

const SHAPES: readonly Shape[] = [
  {
    colour: 0xa5451b,
    path: "M16 2.5 L29 12 L29 27.5 C29 28.6 28.1 29.5 27 29.5 L5 29.5 C3.9 29.5 3 28.6 3 27.5 L3 12 Z",
  },
  {
    colour: 0xfbe9d2,
    path:
      "M16 8.5 C20.6 12.2 22.4 16 21.5 19.8 C20.8 22.7 18.6 24.7 16 25.6 " +
      "C13.4 24.7 11.2 22.7 10.5 19.8 C9.6 16 11.4 12.2 16 8.5 Z",
  },
  { colour: 0xa5451b, path: "M15.6 14.5 L16.4 14.5 L16.7 29.5 L15.3 29.5 Z" },
];
const GROUND = 0xf6f0e6;

/** @param maskable with a ground to the edges, so that a platform may cut it to any form. */
export function svgIcon(maskable = false): string {
  const [start, size] = frame(maskable);
  const ground = maskable
    ? [`  <path fill="${hex(GROUND)}" d="M${start} ${start}h${size}v${size}h-${size}z" />`]
    : [];
  const shapes = SHAPES.map(({ colour, path }) => `  <path fill="${hex(colour)}" d="${path}" />`);
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${start} ${start} ${size} ${size}">`;
  return [open, ...ground, ...shapes, "</svg>", ""].join("\n");
}

/** @param pixels width and height. */
export function pngIcon(pixels: number, maskable = false): Uint8Array {
  const [start, size] = frame(maskable);
  const image = new Float64Array(pixels * pixels * 4);
  if (maskable) paint(image, new Float64Array(pixels * pixels).fill(1), GROUND);
  for (const { colour, path } of SHAPES) {
    const outline = flattened(path).map(([x, y]): Point => [
      ((x - start) / size) * pixels,
      ((y - start) / size) * pixels,
    ]);
    paint(image, coverage(outline, pixels), colour);
  }
  return png(image, pixels);
}

function frame(maskable: boolean): readonly [start: number, size: number] {
  return maskable ? [-MASKABLE_MARGIN, SIZE + 2 * MASKABLE_MARGIN] : [0, SIZE];
}

function hex(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")}`;
}

const CURVE_STEPS = 24;

/** A path as a polygon. */
function flattened(path: string): readonly Point[] {
  const points: Point[] = [];
  for (const [, command = "", given = ""] of path.matchAll(/([MLCZ])([^MLCZ]*)/g)) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0] = given
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    const [x0, y0] = points.at(-1) ?? [0, 0];
    if (command === "M" || command === "L") points.push([x1, y1]);
    if (command !== "C") continue;
    for (let step = 1; step <= CURVE_STEPS; step += 1) {
      const t = step / CURVE_STEPS;
      const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
      points.push([a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3]);
    }
  }
  return points;
}

/** Lines that are looked at within each row of pixels. */
const SAMPLES = 8;

/** How much of each pixel lies within a polygon, from 0 to 1. */
function coverage(outline: readonly Point[], pixels: number): Float64Array {
  const covered = new Float64Array(pixels * pixels);
  for (let line = 0; line < pixels * SAMPLES; line += 1) {
    const y = (line + 0.5) / SAMPLES;
    const crossings = outline
      .flatMap(([x1, y1], index) => {
        const [x2, y2] = outline[(index + 1) % outline.length] ?? [x1, y1];
        return y1 <= y === y2 <= y ? [] : [x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)];
      })
      .sort((one, other) => one - other);
    for (let index = 0; index + 1 < crossings.length; index += 2) {
      const [from = 0, to = 0] = crossings.slice(index, index + 2);
      for (let x = Math.max(0, Math.floor(from)); x < Math.min(pixels, to); x += 1) {
        const at = Math.floor(y) * pixels + x;
        covered[at] = (covered[at] ?? 0) + (Math.min(to, x + 1) - Math.max(from, x)) / SAMPLES;
      }
    }
  }
  return covered;
}

/** Lay a colour over an image of red, green, blue and opacity, each from 0 to 1 and multiplied by the opacity. */
function paint(image: Float64Array, covered: Float64Array, colour: number): void {
  const parts = [(colour >> 16) / 255, ((colour >> 8) & 255) / 255, (colour & 255) / 255, 1];
  for (const [pixel, share] of covered.entries()) {
    for (const [part, value] of parts.entries()) {
      const at = pixel * 4 + part;
      image[at] = (image[at] ?? 0) * (1 - share) + value * share;
    }
  }
}

function png(image: Float64Array, pixels: number): Uint8Array {
  const rows = Buffer.alloc(pixels * (pixels * 4 + 1)); // each begins with its filter: none
  for (const [index, value] of image.entries()) {
    const opacity = image[index - (index % 4) + 3] ?? 0;
    const straight = index % 4 === 3 || opacity === 0 ? value : value / opacity;
    rows[Math.floor(index / (pixels * 4)) + 1 + index] = Math.round(Math.min(1, straight) * 255);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels, 0);
  header.writeUInt32BE(pixels, 4);
  header.set([8, 6], 8); // eight bits; red, green, blue and opacity
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
