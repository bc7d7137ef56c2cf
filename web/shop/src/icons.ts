/** Signs of the shop, drawn with lines; all say nothing to a screen reader: text stands beside them, or a label. */

import { svg, html, type TemplateResult } from "lit";

function icon(shape: TemplateResult): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${shape}</svg>`;
}

export const icons = {
  open: icon(svg`<path d="M14 5h5v5M19 5l-8 8M17 14v4a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h4" />`),
  check: icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`),
  back: icon(svg`<path d="M9 7 4 12l5 5M4 12h11a5 5 0 0 1 0 10" transform="translate(0 -2.5)" />`),
  box: icon(svg`<path d="M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8" />`),
  house: icon(svg`<path d="M4 11.5 12 5l8 6.500M6.5 10v9h11v-9M10.5 19v-5h3v5" />`),
  bag: icon(svg`<path d="M6 8.500h12l1 11H5zM9 8.500V7a3 3 0 0 1 6 0v1.5" />`),
  send: icon(svg`<path d="M4.5 12 20 4.5 15 20l-3.5-6.500zM11.5 13.5 20 4.5" />`),
  clock: icon(svg`<circle cx="12" cy="12" r="8" /><path d="M12 7.500V12l3 2" />`),
  layers: icon(svg`<path d="m12 4 8 4.5-8 4.5-8-4.500zM4.5 13 12 17.500l7.5-4.5" />`),
  crowd: icon(
    svg`<circle cx="9" cy="9" r="3" /><path d="M3.5 19a5.5 5.5 0 0 1 11 0M15.5 6.500a3 3 0 0 1 0 5.500M17 14.500a5.5 5.5 0 0 1 3.5 4.5" />`,
  ),
  climb: icon(svg`<path d="M4 19h5v-5h5V9h5V4M15.5 7 19 3.5 22.5 7" transform="translate(-1 1)" />`),
  question: icon(
    svg`<path d="M5 5h14v11h-6l-4 3.5V16H5zM10.2 9a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.2M12 13.7v.1" />`,
  ),
  phone: icon(svg`<rect x="7" y="3" width="10" height="18" rx="2.5" /><path d="M11 18h2" />`),
} as const;

/** The mark of the house: a hearth whose fire is an oak leaf. */
export const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
  <path class="mark-house" d="M16 2.5 29 12v15.5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V12z" />
  <path
    class="mark-leaf"
    d="M16 8.5c4.6 3.7 6.4 7.5 5.500 11.3-.7 2.900-2.900 4.900-5.500 5.800-2.600-.9-4.800-2.900-5.500-5.800-.9-3.800.9-7.600 5.500-11.3z"
  />
  <path class="mark-vein" d="M16 15v14" />
</svg>`;

/** A link that leaves this page where it is. */
export function openInTab(address: string, text: string): TemplateResult {
  return html`<a class="open-in-tab" href=${address} target="_blank" rel="noopener">${text}${icons.open}</a>`;
}
