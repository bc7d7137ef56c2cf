/** Of a long list only the rows in sight, and some around them, are in the document. This is the arithmetic of it. */

export interface Rows {
  /** Each row's upper edge, and as the last the end of the list; in pixels from the list's start. */
  readonly edges: Float64Array;
}

/** Lay out rows one below the other. */
export function layOut(count: number, heightOf: (index: number) => number): Rows {
  const edges = new Float64Array(count + 1);
  let edge = 0;
  for (let index = 0; index < count; index += 1) {
    edges[index] = edge;
    edge += heightOf(index);
  }
  edges[count] = edge;
  return { edges };
}

export interface Span {
  readonly from: number;
  /** The first row after it. */
  readonly to: number;
}

/** The rows that touch the stretch between two heights. */
export function between({ edges }: Rows, top: number, bottom: number): Span {
  const count = edges.length - 1;
  const from = Math.max(0, firstAfter(edges, top) - 1);
  return { from: Math.min(from, count), to: Math.min(count, Math.max(from, firstAtOrAfter(edges, bottom))) };
}

/** Rows to render: a gap stands for those between them that are not. */
export type Piece = { readonly index: number } | { readonly gap: number; readonly nth: number };

/** The rows of a span and one more, wherever that is, with gaps as high as what they leave out. */
export function pieces({ edges }: Rows, span: Span, extra: number | null): Piece[] {
  const count = edges.length - 1;
  const indices: number[] = [];
  for (let index = span.from; index < span.to; index += 1) {
    indices.push(index);
  }
  if (extra !== null && extra >= 0 && extra < count) {
    if (extra < span.from) {
      indices.unshift(extra);
    } else if (extra >= span.to) {
      indices.push(extra);
    }
  }
  const result: Piece[] = [];
  let next = 0;
  let nth = 0;
  for (const index of [...indices, count]) {
    const gap = at(edges, index) - at(edges, next);
    if (index > next) {
      result.push({ gap, nth });
      nth += 1;
    }
    if (index < count) {
      result.push({ index });
    }
    next = index + 1;
  }
  return result;
}

/** The row at a height. */
export function rowAt({ edges }: Rows, height: number): number {
  return Math.max(0, Math.min(edges.length - 2, firstAfter(edges, height) - 1));
}

function firstAfter(edges: Float64Array, height: number): number {
  return search(edges, (edge) => edge > height);
}

function firstAtOrAfter(edges: Float64Array, height: number): number {
  return search(edges, (edge) => edge >= height);
}

/** The first index whose edge fulfils a condition that holds for all after it. */
function search(edges: Float64Array, holds: (edge: number) => boolean): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(at(edges, middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

function at(edges: Float64Array, index: number): number {
  return edges[index] ?? 0;
}
