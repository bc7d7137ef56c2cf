import { css, html, svg, type SVGTemplateResult, type TemplateResult } from "lit";

/** What stands where there is nothing else to see: a drawing, a headline, what to do about it. */
export const states = css`
  .state {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: var(--_space);
    text-align: center;
  }

  .drawing {
    margin-block-end: calc(var(--_space) * 3);
    color: var(--_control);
  }

  .drawing .fill {
    fill: color-mix(in oklab, var(--_line) 45%, var(--_surface));
  }

  .drawing .faint {
    stroke: var(--_line);
  }

  .drawing .accent {
    stroke: var(--_accent);
  }

  .state p {
    max-inline-size: 34ch;
    margin: 0;
    text-wrap: balance;
  }

  .state .headline {
    font-weight: 600;
  }

  .state .hint {
    color: var(--_muted);
  }

  .state .button,
  .state ::slotted(*) {
    margin-block-start: calc(var(--_space) * 3);
  }
`;

/** Small drawings: lines in the colour of text, one thing in the accent. */
function drawing(content: SVGTemplateResult): TemplateResult {
  return html`<svg
    class="drawing"
    aria-hidden="true"
    width="96"
    height="72"
    viewBox="0 0 96 72"
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
    stroke-linecap="round"
    stroke-linejoin="round"
  >
    ${content}
  </svg>`;
}

const BELL = svg`<path class="fill" d="M33 47c4-3.6 5-7.4 5-14.6a10 10 0 0 1 20 0c0 7.2 1 11 5 14.6Z" /><path d="M43.6 52.4a4.6 4.6 0 0 0 8.8 0M48 22.2V18" />`;
const GROUND = svg`<path class="faint" d="M18 62h60M26 66.5h14M52 66.5h20" />`;

/** A bell at rest, under the moon. */
export const quiet = (): TemplateResult =>
  drawing(
    svg`${GROUND}${BELL}<path class="accent" d="M75 12.5a7.5 7.5 0 1 0 5.8 12.2 6.2 6.2 0 0 1-5.8-12.2Z" /><path class="faint" d="M17 20v4M15 22h4M27 9v3M25.5 10.5h3" />`,
  );

/** A sieve that lets nothing through. */
export const sieve = (): TemplateResult =>
  drawing(
    svg`${GROUND}<path class="fill" d="M30 18h36L53 35v14l-10 5V35Z" /><path class="accent" d="M36 11h.01M48 8h.01M60 11h.01" stroke-width="3" />`,
  );

/** A line that is cut. */
export const broken = (): TemplateResult =>
  drawing(
    svg`${GROUND}<path class="fill" d="M30 44a9 9 0 0 1 .8-18 15 15 0 0 1 28.7-1.5A10 10 0 0 1 66 44Z" /><path class="accent" d="M44 49.5v4M52 49.5v4M48 30v5.5M48 39.4v.1" />`,
  );

/** A closed door. */
export const closed = (): TemplateResult =>
  drawing(
    svg`${GROUND}<rect class="fill" x="33" y="30" width="30" height="24" rx="4" /><path d="M39 30v-6a9 9 0 0 1 18 0v6" /><path class="accent" d="M48 40v4.5" stroke-width="3" />`,
  );
