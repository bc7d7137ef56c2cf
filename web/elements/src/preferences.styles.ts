import { css } from "lit";

/** What settings look like: groups of rows, each with a name, a hint and what it is set with. */
export const settings = css`
  :host {
    display: block;
  }

  fieldset {
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }

  .group {
    margin-block-end: calc(var(--_space) * 7);
  }

  .group > legend,
  h3 {
    margin: 0;
    padding: 0;
    font-size: calc(var(--_size) * 1.0715);
    font-weight: 650;
    letter-spacing: -0.006em;
    line-height: 1.4;
  }

  .hint {
    margin: 0;
    color: var(--_muted);
    font-size: var(--_size-small);
    text-wrap: pretty;
  }

  .fault {
    margin: 0;
    color: var(--_critical);
    font-size: var(--_size-small);
  }

  .rows {
    margin: calc(var(--_space) * 2) 0 0;
    padding: 0;
    border: 1px solid var(--_line);
    border-radius: var(--_radius-large);
    background: var(--_surface);
    list-style: none;
  }

  .row {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: center;
    gap: calc(var(--_space) * 0.5) calc(var(--_space) * 4);
    min-block-size: calc(var(--_space) * 12);
    padding: calc(var(--_space) * 2.5) calc(var(--_space) * 4);
    overflow-wrap: anywhere;
  }

  .row + .row,
  .row + .quiet,
  .rows > * + * {
    border-block-start: 1px solid var(--_line);
  }

  .row > :is(.hint, .fault) {
    grid-column: 1;
  }

  .row > :is(input, .button, .control) {
    grid-column: 2;
    grid-row: 1 / span 2;
  }

  .row > .name {
    grid-column: 1;
    font-weight: 500;
  }

  .row:not(.choice, :has(.hint, .fault, .sub)) > .name {
    grid-row: 1 / span 2;
  }

  label.row {
    cursor: pointer;
  }

  :is(fieldset:disabled, .disabled) label {
    cursor: default;
  }

  .switch {
    appearance: none;
    position: relative;
    flex: none;
    inline-size: 2.25rem;
    block-size: 1.375rem;
    margin: 0;
    border-radius: 0.6875rem;
    background: var(--_control);
    cursor: pointer;
    transition: background-color var(--_motion);
  }

  .switch::before {
    content: "";
    position: absolute;
    inset-block-start: 0.1875rem;
    inset-inline-start: 0.1875rem;
    inline-size: 1rem;
    block-size: 1rem;
    border-radius: 50%;
    background: light-dark(#ffffff, #16181d);
    transition: inset-inline-start var(--_motion);
  }

  .switch:checked {
    background: var(--_accent);
  }

  .switch:checked::before {
    inset-inline-start: 1.0625rem;
  }

  input:disabled {
    opacity: 0.5;
    cursor: default;
  }

  input[type="radio"],
  input[type="checkbox"]:not(.switch) {
    inline-size: 1.0625rem;
    block-size: 1.0625rem;
    margin: 0;
    accent-color: var(--_accent);
    cursor: pointer;
  }

  @media (forced-colors: active) {
    .switch {
      border: 1px solid ButtonText;
    }

    .switch::before {
      background: ButtonText;
      forced-color-adjust: none;
    }

    .switch:checked {
      background: Highlight;
      forced-color-adjust: none;
    }
  }
`;

export const preferencesStyles = css`
  :host {
    container-type: inline-size;
  }

  section:focus-visible {
    outline: none;
  }

  .sub {
    display: flex;
    grid-column: 1;
    align-items: center;
    gap: calc(var(--_space) * 2);
    inline-size: fit-content;
    margin-block-start: var(--_space);
    font-size: var(--_size-small);
    cursor: pointer;
  }

  .choice {
    grid-template-columns: auto minmax(0, 1fr) auto;
    column-gap: calc(var(--_space) * 3);
    min-block-size: calc(var(--_space) * 11);
  }

  .choice > :is(input, .name) {
    grid-row: 1;
    grid-column: auto;
  }

  .choice svg {
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

  /* Quiet hours */
  .quiet {
    display: grid;
    gap: calc(var(--_space) * 4);
    padding: calc(var(--_space) * 4);
  }

  .times {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: calc(var(--_space) * 3);
  }

  .times .hint {
    padding-block-end: calc(var(--_space) * 2);
  }

  .field {
    display: grid;
    gap: var(--_space);
  }

  .field span,
  .days legend {
    padding: 0;
    color: var(--_muted);
    font-size: var(--_size-small);
  }

  .field :is(input, select) {
    min-inline-size: 7rem;
    max-inline-size: 100%;
    block-size: calc(var(--_space) * 9);
    margin: 0;
    padding-inline: calc(var(--_space) * 2.5);
    border: 1px solid var(--_control);
    border-radius: var(--_radius-small);
    background: var(--_surface);
    color: inherit;
    font: inherit;
    font-variant-numeric: tabular-nums;
  }

  .wide select {
    inline-size: min(20rem, 100%);
  }

  .field [aria-invalid="true"] {
    border-color: var(--_critical);
    box-shadow: inset 0 0 0 1px var(--_critical);
  }

  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: calc(var(--_space) * 1.5);
    margin-block: calc(var(--_space) * 1.5) var(--_space);
  }

  .chip {
    position: relative;
    display: inline-grid;
    place-items: center;
    min-inline-size: calc(var(--_space) * 11);
    block-size: calc(var(--_space) * 8);
    padding-inline: calc(var(--_space) * 2);
    border: 1px solid var(--_line);
    border-radius: calc(var(--_space) * 4);
    font-size: var(--_size-small);
    font-weight: 500;
    cursor: pointer;
  }

  .chip input {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    opacity: 0;
  }

  .chip:has(:checked) {
    border-color: var(--_accent);
    background: color-mix(in oklab, var(--_accent) 12%, var(--_surface));
    box-shadow: inset 0 0 0 1px var(--_accent);
  }

  .chip:has(:focus-visible) {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }

  .chip:has(:disabled) {
    color: var(--_muted);
    cursor: default;
  }

  /* iPhones and iPads enlarge the page, for good, when a field gets the focus whose letters are smaller than this. */
  @supports (-webkit-touch-callout: none) {
    .field :is(input, select) {
      font-size: max(16px, var(--_size));
    }
  }

  @media (forced-colors: active) {
    .chip:has(:checked) {
      background: SelectedItem;
      color: SelectedItemText;
      forced-color-adjust: none;
    }
  }

  /* How it stands */
  .note {
    display: flex;
    align-items: center;
    gap: calc(var(--_space) * 2);
    margin-block-end: calc(var(--_space) * 5);
    padding: calc(var(--_space) * 2.5) calc(var(--_space) * 4);
    border-radius: var(--_radius);
    background: color-mix(in oklab, var(--_warning) 10%, var(--_surface));
    font-size: var(--_size-small);
  }

  .note svg {
    color: var(--_warning);
  }

  .saving {
    position: sticky;
    inset-block-end: calc(var(--_space) * 3);
    z-index: 1;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(var(--_space) * 1) calc(var(--_space) * 2);
    inline-size: fit-content;
    max-inline-size: 100%;
    min-block-size: calc(var(--_space) * 8);
    margin-inline: auto;
    padding: var(--_space) calc(var(--_space) * 3);
    border-radius: calc(var(--_space) * 4);
    background: var(--_surface);
    font-size: var(--_size-small);
    box-shadow: var(--_shadow);
    transition: opacity var(--_motion);
  }

  .saving:empty,
  .saving.over {
    opacity: 0;
    pointer-events: none;
  }

  .saving svg {
    color: var(--_tone);
  }

  .saving.failed {
    border-radius: var(--_radius);
  }

  .state {
    padding: calc(var(--_space) * 10) calc(var(--_space) * 4);
  }

  /* While it is loading */
  .bone {
    border-radius: var(--_radius-small);
    background: var(--_line);
  }

  .skeleton .row {
    min-block-size: calc(var(--_space) * 15);
  }

  .bone.title {
    inline-size: 8rem;
    block-size: 1rem;
  }

  .bone.name {
    inline-size: 55%;
    block-size: 0.875rem;
  }

  .bone.hint {
    inline-size: 80%;
    block-size: 0.625rem;
  }

  .bone.control {
    inline-size: 2.25rem;
    block-size: 1.375rem;
    border-radius: 0.6875rem;
  }

  @media not (prefers-reduced-motion: reduce) {
    .skeleton {
      animation: breathe 1.6s ease-in-out infinite alternate;
    }

    @keyframes breathe {
      to {
        opacity: 0.5;
      }
    }
  }
`;
