import { css } from "lit";

export const inboxStyles = css`
  :host {
    display: block;
    block-size: 100%;
    min-block-size: 16rem;
    max-block-size: 100dvh;
    background: var(--_surface);
  }

  section {
    position: relative;
    display: flex;
    flex-direction: column;
    block-size: 100%;
    max-block-size: inherit;
    min-block-size: inherit;
    overflow: hidden;
    border-radius: inherit;
    container-type: inline-size;
  }

  section:focus-visible {
    outline: none;
  }

  header {
    display: flex;
    align-items: center;
    gap: var(--_space);
    min-block-size: calc(var(--_space) * 13);
    padding-block: calc(var(--_space) * 2) var(--_space);
    padding-inline: calc(var(--_space) * 5) calc(var(--_space) * 3);
  }

  h2 {
    flex: 1;
    min-inline-size: 0;
    margin: 0;
    overflow: hidden;
    font-size: calc(var(--_size) * 1.143);
    font-weight: 650;
    letter-spacing: -0.006em;
    line-height: 1.3;
    text-overflow: ellipsis;
  }

  .mark-all {
    flex: none;
    padding-inline: calc(var(--_space) * 1.5);
  }

  @container (width < 24rem) {
    .wide {
      display: none;
    }
  }

  /* What is shown */
  .view {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: calc(var(--_space) * 2);
    padding-block-end: calc(var(--_space) * 2.5);
    padding-inline: calc(var(--_space) * 5) calc(var(--_space) * 3);
  }

  .choice {
    display: flex;
    padding: 2px;
    border-radius: var(--_radius);
    background: color-mix(in oklab, var(--_line) 60%, var(--_surface));
  }

  .choice button {
    display: inline-flex;
    align-items: center;
    gap: calc(var(--_space) * 1.5);
    min-block-size: calc(var(--_space) * 6.5);
    margin: 0;
    padding: 0 calc(var(--_space) * 3);
    border: 0;
    border-radius: calc(var(--_radius) - 2px);
    background: none;
    color: color-mix(in oklab, var(--_text) 40%, var(--_muted));
    font: inherit;
    font-size: var(--_size-small);
    font-weight: 500;
    cursor: pointer;
  }

  .choice button[aria-pressed="true"] {
    background: var(--_surface);
    color: var(--_text);
    box-shadow:
      0 0 0 1px light-dark(rgb(0 0 0 / 6%), rgb(255 255 255 / 8%)),
      0 1px 2px rgb(0 0 0 / 8%);
  }

  .count {
    font-variant-numeric: tabular-nums;
    color: var(--_muted);
  }

  .set {
    color: var(--_accent);
  }

  .set:hover {
    color: var(--_accent);
  }

  .filters {
    flex: none; /* the feed gives way: it has more to scroll */
    display: grid;
    gap: calc(var(--_space) * 2.5);
    max-block-size: 40%;
    overflow: hidden auto;
    padding-block: calc(var(--_space) * 3);
    padding-inline: calc(var(--_space) * 5) calc(var(--_space) * 4);
    border-block-start: 1px solid var(--_line);
    background: color-mix(in oklab, var(--_hover) 60%, var(--_surface));
  }

  fieldset {
    display: flex;
    flex-wrap: wrap;
    gap: calc(var(--_space) * 1.5);
    margin: 0;
    padding: 0;
    border: 0;
  }

  legend {
    padding: 0 0 calc(var(--_space) * 1.5);
    color: var(--_muted);
    font-size: var(--_size-small);
  }

  .chip {
    padding-inline: calc(var(--_space) * 2) calc(var(--_space) * 2.75);
    border-radius: calc(var(--_space) * 4);
  }

  .chip:not(:has(svg)) {
    padding-inline-start: calc(var(--_space) * 2.75);
  }

  .chip svg {
    color: var(--_tone);
  }

  .chip.info {
    --_tone: var(--_info);
  }

  .chip.success {
    --_tone: var(--_success);
  }

  .chip.warning {
    --_tone: var(--_warning);
  }

  .chip.critical {
    --_tone: var(--_critical);
  }

  .chip[aria-pressed="true"] {
    border-color: var(--_accent);
    background: color-mix(in oklab, var(--_accent) 12%, var(--_surface));
    box-shadow: inset 0 0 0 1px var(--_accent);
  }

  /* How it stands */
  .bar {
    display: flex;
    align-items: center;
    gap: calc(var(--_space) * 2);
    padding-block: calc(var(--_space) * 1.75);
    padding-inline: calc(var(--_space) * 5) calc(var(--_space) * 4);
    border-block-start: 1px solid var(--_line);
    background: color-mix(in oklab, var(--_warning) 10%, var(--_surface));
    font-size: var(--_size-small);
  }

  .bar svg {
    color: var(--_warning);
  }

  .edge {
    block-size: 1px;
    flex: none;
    background: var(--_line);
  }

  belfry-feed {
    flex: 1 1 auto;
    min-block-size: 0;
  }

  .state {
    flex: 1;
    justify-content: center;
    min-block-size: 12rem;
    padding: calc(var(--_space) * 8);
    padding-block-end: calc(var(--_space) * 14);
    overflow: hidden auto;
  }

  .undo {
    position: absolute;
    z-index: 3;
    inset-block-end: calc(var(--_space) * 3);
    inset-inline: calc(var(--_space) * 3);
    display: flex;
    align-items: center;
    gap: calc(var(--_space) * 2);
    inline-size: fit-content;
    max-inline-size: min(26rem, 100% - var(--_space) * 6);
    margin-inline: auto;
    padding-block: calc(var(--_space) * 1.25);
    padding-inline: calc(var(--_space) * 3.5) calc(var(--_space) * 1.5);
    border-radius: var(--_radius);
    background: light-dark(#24262c, #34373f);
    color: #ffffff;
    font-size: var(--_size-small);
    box-shadow: 0 4px 16px rgb(0 0 0 / 25%);
    animation: rise var(--_motion) ease-out;
  }

  .undo span {
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .undo .button,
  .undo .button:hover {
    flex: none;
    border-color: transparent;
    background: none;
    color: #b9c6ff;
    font-weight: 600;
  }

  .undo .button:hover {
    background: rgb(255 255 255 / 10%);
  }

  .undo .button:focus-visible {
    outline-color: #b9c6ff;
    outline-offset: -2px;
  }

  @keyframes rise {
    from {
      opacity: 0;
      transform: translateY(0.5rem);
    }
  }

  @media (pointer: coarse) {
    .choice button {
      min-block-size: calc(var(--_space) * 8);
    }
  }

  /* Neither backgrounds nor shadows are left there to tell what is chosen. */
  @media (forced-colors: active) {
    .choice button[aria-pressed="true"],
    .chip[aria-pressed="true"],
    .chip[aria-pressed="true"]:hover {
      background: SelectedItem;
      color: SelectedItemText;
      forced-color-adjust: none;
    }

    .chip[aria-pressed="true"] svg {
      color: inherit;
    }

    .undo {
      border: 1px solid;
    }
  }
`;
