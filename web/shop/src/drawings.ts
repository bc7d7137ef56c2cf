/** A drawing of each product. Colours are those of the page, by class, so that they follow light and dark. */

import { html, svg, type TemplateResult } from "lit";
import type { Product } from "./catalogue.ts";

const SHAPES: Readonly<Record<Product["id"], TemplateResult>> = {
  "oak-shelf": svg`
    <path class="oak" d="M46 30h6v112h-6zM148 30h6v112h-6z" />
    <path class="oak-light" d="M40 44h120v7H40zM40 84h120v7H40zM40 124h120v7H40z" />
    <path class="ember" d="M62 58h8v26h-8zM72 62h7v22h-7z" /><path class="moss" d="M81 56h9v28h-9z" />
    <path class="linen" d="m94 84 7-24 6 2-7 22z" />
    <path class="brass" d="M124 72h18l-3 12h-12z" /><path class="moss" d="M133 72c-9-3-11-11-9-17 6 3 9 8 9 17zm0 0c8-4 10-10 8-15-5 3-8 8-8 15z" />
    <path class="linen" d="M60 112h30v12H60z" /><path class="oak" d="M64 104h22v8H64z" />
    <circle class="ember" cx="128" cy="115" r="9" />
    <path class="linen" d="M66 44v-9c0-4 3-6 7-6s7 2 7 6v9z" />`,
  "linen-lamp": svg`
    <ellipse class="glow" cx="100" cy="94" rx="72" ry="56" />
    <path class="linen" d="M76 28h48l20 54H56z" /><path class="linen-shade" d="M112 28h12l20 54h-18zM84 28h4L76 82h-6z" />
    <path class="brass" d="M97 82h6v42h-6z" />
    <path class="oak" d="M74 132c0-7 11-11 26-11s26 4 26 11z" /><path class="oak-light" d="M70 131h60v6H70z" />`,
  "desk-chair": svg`
    <path class="oak" d="m70 96 6 1-12 46h-6zm60 0-6 1 12 46h6z" /><path class="oak-light" d="M79 98h5v38h-5zm37 0h5v38h-5z" />
    <path class="oak" d="M63 34h7l4 58h-7zm67 0h7l-4 58h-7z" />
    <path class="ember" d="M66 36c20-9 48-9 68 0l-2 24c-20-6-44-6-64 0z" />
    <path class="ember" d="M60 88c0-4 3-6 7-6h66c4 0 7 2 7 6l2 10H58z" /><path class="ember-deep" d="M58 96h84v6H58z" />`,
  "wool-rug": svg`
    <path class="linen" d="M44 52h112l22 72H22z" />
    <path class="moss" d="M52 60h96l15 56H37z" /><path class="linen" d="M59 67h82l11 42H48z" />
    <path class="ember" d="m100 72 24 16-24 16-24-16z" /><path class="linen" d="m100 80 12 8-12 8-12-8z" />
    <path class="brass" d="m64 80 9 7-12 8-4-7zm72 0-9 7 12 8 4-7z" />
    <path class="fringe" d="M24 128v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8m12-8v8" />`,
  "brass-clock": svg`
    <path class="oak" d="M80 136h40l6 8H74z" /><path class="oak-light" d="M88 124h24v13H88z" />
    <circle class="brass" cx="100" cy="78" r="52" /><circle class="linen" cx="100" cy="78" r="43" />
    <path class="hands" d="M100 43v7m0 56v7m35-35h-7m-56 0h-7m59.7-24.7-3.5 3.500m-42.4 42.4-3.5 3.500m49.4 0-3.5-3.500m-42.4-42.4-3.5-3.5" />
    <path class="hands bold" d="M100 78V54m0 24 16 9" /><circle class="ember" cx="100" cy="78" r="4" />`,
  "tea-table": svg`
    <path class="oak" d="m64 84 7 1-10 58h-6zm72 0-7 1 10 58h6z" /><path class="oak-deep" d="M97 86h6v56h-6z" />
    <ellipse class="oak-deep" cx="100" cy="84" rx="64" ry="13" /><ellipse class="oak-light" cx="100" cy="79" rx="64" ry="13" />
    <path class="linen" d="M84 52h34c0 14-4 24-17 24s-17-10-17-24z" /><path class="handle" d="M118 56c9-2 11 10-2 12" />
    <ellipse class="moss" cx="101" cy="52" rx="17" ry="4" /><path class="steam" d="M95 44c-4-6 4-8 0-15m12 15c-4-6 4-8 0-15" />`,
};

export function drawing(product: Product["id"]): TemplateResult {
  return html`<svg class="drawing" viewBox="0 0 200 160" aria-hidden="true">${SHAPES[product]}</svg>`;
}
