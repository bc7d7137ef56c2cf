import { css } from "lit";

export const cardStyles = css`
  :host {
    display: block;
  }

  article {
    position: relative;
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    column-gap: calc(var(--_space) * 3);
    padding-block: calc(var(--_space) * 3);
    padding-inline: calc(var(--_space) * 5) calc(var(--_space) * 4);
    border-block-end: 1px solid var(--_line);
  }

  article:focus-visible {
    outline-offset: -3px;
    border-radius: var(--_radius);
  }

  @media (hover: hover) {
    article:hover {
      background: var(--_hover);
    }
  }

  .dot {
    position: absolute;
    inset-block-start: calc(var(--_space) * 3 + 1rem - 0.21875rem);
    inset-inline-start: calc(var(--_space) * 1.75);
    inline-size: 0.4375rem;
    block-size: 0.4375rem;
    border-radius: 50%;
    background: var(--_accent);
  }

  /* What it is about */
  .sign {
    position: relative;
    display: grid;
    place-items: center;
    inline-size: 2rem;
    block-size: 2rem;
    border-radius: 50%;
    background: color-mix(in oklab, var(--_tone) 12%, var(--_surface));
    color: var(--_tone);
  }

  .info {
    --_tone: var(--_info);
  }

  .success {
    --_tone: var(--_success);
  }

  .warning {
    --_tone: var(--_warning);
  }

  .critical {
    --_tone: var(--_critical);
  }

  .sign img {
    inline-size: 100%;
    block-size: 100%;
    border-radius: var(--_radius);
    object-fit: cover;
  }

  .sign .corner {
    position: absolute;
    inset-block-end: -0.25rem;
    inset-inline-end: -0.25rem;
    padding: 1px;
    border-radius: 50%;
    background: var(--_surface);
  }

  /* What it says */
  h3 {
    margin: 0;
    padding-block-start: 0.3125rem;
    font: inherit;
    line-height: 1.4;
    overflow-wrap: anywhere;
    text-wrap: pretty;
  }

  .unread h3 {
    font-weight: 600;
  }

  .open {
    display: inline;
    margin: 0;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    text-align: start;
    text-decoration: none;
    cursor: pointer;
  }

  /* The whole card is the link. */
  .open::after {
    content: "";
    position: absolute;
    inset: 0;
  }

  .open svg {
    display: inline;
    margin-inline-start: 0.25em;
    vertical-align: -0.1em;
    color: var(--_muted);
  }

  .body {
    margin: 0.125rem 0 0;
    color: var(--_muted);
    overflow-wrap: anywhere;
  }

  .body:not(.whole) {
    display: -webkit-box;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    line-clamp: 2;
  }

  .unread .body {
    color: color-mix(in oklab, var(--_text) 78%, var(--_muted));
  }

  .facts {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    column-gap: calc(var(--_space) * 3);
    margin-block-start: calc(var(--_space) * 0.75);
    color: var(--_muted);
    font-size: var(--_size-small);
  }

  .body bdi {
    white-space: pre-line;
  }

  .category::before {
    content: "·";
    margin-inline: calc(var(--_space) * 1.5);
  }

  time {
    position: relative;
    unicode-bidi: isolate;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }

  .more {
    position: relative;
    margin: 0;
    padding: 0;
    border: 0;
    background: none;
    color: var(--_accent);
    font: inherit;
    font-weight: 500;
    cursor: pointer;
  }

  .more:hover {
    text-decoration: underline;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: calc(var(--_space) * 2);
    margin-block-start: calc(var(--_space) * 2);
  }

  .actions .button {
    position: relative;
    max-inline-size: 100%;
    overflow-wrap: anywhere;
  }

  .image {
    inline-size: 3.5rem;
    block-size: 3.5rem;
    margin-block-start: 0.25rem;
    border-radius: var(--_radius-small);
    object-fit: cover;
    outline: 1px solid light-dark(rgb(0 0 0 / 8%), rgb(255 255 255 / 10%));
    outline-offset: -1px;
  }

  /* What can be done with it */
  .tools {
    display: flex;
    gap: 1px;
  }

  @media (hover: hover) {
    .tools {
      position: absolute;
      inset-block-start: calc(var(--_space) * 2);
      inset-inline-end: calc(var(--_space) * 3);
      padding: 1px;
      border: 1px solid var(--_line);
      border-radius: var(--_radius);
      background: var(--_surface);
      opacity: 0;
      transition: opacity var(--_motion);
    }

    .image + .tools {
      inset-inline-end: calc(3.5rem + var(--_space) * 6);
    }

    article:hover .tools,
    article:focus-visible .tools,
    .tools:focus-within {
      opacity: 1;
    }
  }

  /* Fingers have no hover: there the tools stand in the last line. */
  @media (hover: none) {
    .tools {
      position: absolute;
      inset-block-end: calc(var(--_space) * 1.75);
      inset-inline-end: calc(var(--_space) * 2);
    }

    .content > :last-child {
      min-block-size: calc(var(--_space) * 6);
      padding-inline-end: calc(var(--_space) * 16);
    }
  }

  @media (forced-colors: active) {
    .dot {
      background: Highlight;
      forced-color-adjust: none;
    }

    .sign {
      border: 1px solid;
    }
  }
`;
