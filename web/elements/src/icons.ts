import { svg, type SVGTemplateResult, type TemplateResult, html } from "lit";
import type { Severity } from "@belfry/client";

/** Drawn on a grid of 16 with lines of 1.5, in the colour of the text around them; never read aloud. */
function icon(content: SVGTemplateResult, size = 16): TemplateResult {
  return html`<svg
    aria-hidden="true"
    width=${size}
    height=${size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
    stroke-linecap="round"
    stroke-linejoin="round"
  >
    ${content}
  </svg>`;
}

const SEVERITIES: Readonly<Record<Severity, SVGTemplateResult>> = {
  info: svg`<circle cx="8" cy="8" r="6.25" /><path d="M8 7.4v3.4M8 5.1v.05" />`,
  success: svg`<circle cx="8" cy="8" r="6.25" /><path d="m5.3 8.3 1.9 1.9 3.6-4" />`,
  warning: svg`<path d="M8 1.9 14.6 13.4H1.4Z" /><path d="M8 6.2v3.2M8 11.3v.05" />`,
  critical: svg`<path d="M5.3 1.75h5.4l3.55 3.55v5.4l-3.55 3.55H5.3L1.75 10.7V5.3Z" /><path d="M8 4.8v3.8M8 11v.05" />`,
};

/** Told apart by shape as well as by colour. */
export function severityIcon(severity: Severity, size = 16): TemplateResult {
  return icon(SEVERITIES[severity], size);
}

const BELL = svg`<path d="M3 11.6c.9-.9 1.3-1.9 1.3-4.1a3.7 3.7 0 0 1 7.4 0c0 2.2.4 3.2 1.3 4.1Z" /><path d="M6.7 13.9a1.4 1.4 0 0 0 2.6 0M8 3.6V2" />`;
const CHECK = svg`<path d="m3 8.6 3.2 3.2L13 5" />`;
const CHECK_ALL = svg`<path d="m1.6 8.7 2.9 2.9L10.6 5.2M8.3 11.2l.4.4 6-6.4" />`;
const ENVELOPE = svg`<rect x="1.75" y="3.25" width="12.5" height="9.5" rx="1.5" /><path d="m2.2 4.4 5.8 4.4 5.8-4.4" />`;
const ARCHIVE = svg`<rect x="1.75" y="2.75" width="12.5" height="3.5" rx="1" /><path d="M2.9 6.5v5.3a1.4 1.4 0 0 0 1.4 1.4h7.4a1.4 1.4 0 0 0 1.4-1.4V6.5M6.5 9.2h3" />`;
const CLOSE = svg`<path d="m4 4 8 8M12 4l-8 8" />`;
const FILTER = svg`<path d="M2 4.25h12M4.4 8h7.2M6.6 11.75h2.8" />`;
const UP = svg`<path d="M8 12.5v-9M4.2 7.3 8 3.5l3.8 3.8" />`;
const UNDO = svg`<path d="M5.4 2.9 2.4 5.9l3 3" /><path d="M2.7 5.9h6.8a3.6 3.6 0 0 1 0 7.2H7" />`;
const OFFLINE = svg`<path d="M2 6.2a9 9 0 0 1 3-1.9M14 6.2a9 9 0 0 0-5.4-2.5M4.4 8.9a5.5 5.5 0 0 1 2.3-1.4M11.6 8.9a5.5 5.5 0 0 0-1-.8M8 12.3v.05M2.6 2.2l11 11.4" />`;
const EXTERNAL = svg`<path d="M6.5 3.5h-2a1.5 1.5 0 0 0-1.5 1.5v6.5A1.5 1.5 0 0 0 4.5 13H11a1.5 1.5 0 0 0 1.5-1.5v-2M9.3 3H13v3.7M12.7 3.3 7.6 8.4" />`;
const RETRY = svg`<path d="M13.2 8a5.2 5.2 0 1 1-1.5-3.7" /><path d="M13.3 2.2v2.9h-2.9" />`;

export const bellIcon = (size?: number): TemplateResult => icon(BELL, size);
export const checkIcon = (size?: number): TemplateResult => icon(CHECK, size);
export const checkAllIcon = (size?: number): TemplateResult => icon(CHECK_ALL, size);
export const envelopeIcon = (size?: number): TemplateResult => icon(ENVELOPE, size);
export const archiveIcon = (size?: number): TemplateResult => icon(ARCHIVE, size);
export const closeIcon = (size?: number): TemplateResult => icon(CLOSE, size);
export const filterIcon = (size?: number): TemplateResult => icon(FILTER, size);
export const upIcon = (size?: number): TemplateResult => icon(UP, size);
export const undoIcon = (size?: number): TemplateResult => icon(UNDO, size);
export const offlineIcon = (size?: number): TemplateResult => icon(OFFLINE, size);
export const externalIcon = (size?: number): TemplateResult => icon(EXTERNAL, size);
export const retryIcon = (size?: number): TemplateResult => icon(RETRY, size);
