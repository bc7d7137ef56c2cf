/** What the shop sells. */

export interface Product {
  /** Also names its drawing. */
  readonly id: "oak-shelf" | "linen-lamp" | "desk-chair" | "wool-rug" | "brass-clock" | "tea-table";
  readonly name: string;
  readonly line: string;
  /** In euros. */
  readonly price: number;
}

export const CATALOGUE: readonly Product[] = [
  { id: "oak-shelf", name: "Oak shelf", line: "Solid oak, oiled by hand", price: 189 },
  { id: "linen-lamp", name: "Linen lamp", line: "Warm light, woven shade", price: 74 },
  { id: "desk-chair", name: "Desk chair", line: "Bent ash, leather seat", price: 246 },
  { id: "wool-rug", name: "Wool rug", line: "Undyed, 140 × 200 cm", price: 310 },
  { id: "brass-clock", name: "Brass clock", line: "Silent, and on time", price: 58 },
  { id: "tea-table", name: "Tea table", line: "Three legs, never wobbles", price: 129 },
];

const EUROS = new Intl.NumberFormat("en-IE", {
  style: "currency",
  currency: "EUR",
  maximumFractionDigits: 0,
});

export function price(product: Product): string {
  return EUROS.format(product.price);
}
