import { css } from "lit";

/**
 * What all elements look like. Each value is a custom property that a page may set on any ancestor; here are the
 * defaults. Light or dark follows the `color-scheme` that the element inherits. Colours keep AA contrast in both.
 */
export const theme = css`
  :host {
    --_font: var(--belfry-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
    --_size: var(--belfry-font-size, 0.875rem);
    --_size-small: calc(var(--_size) * 0.8572);
    --_surface: var(--belfry-surface, light-dark(#ffffff, #18191c));
    --_hover: var(--belfry-hover, light-dark(#f5f6f8, #222429));
    --_text: var(--belfry-text, light-dark(#1a1c20, #ecedf0));
    --_muted: var(--belfry-muted, light-dark(#5d626c, #a0a5af));
    --_line: var(--belfry-line, light-dark(#e4e6ea, #2f3137));
    --_control: var(--belfry-control, light-dark(#8a8f99, #757a85));
    --_accent: var(--belfry-accent, light-dark(#3b53d0, #93a8ff));
    --_on-accent: var(--belfry-on-accent, light-dark(#ffffff, #12162b));
    --_info: var(--belfry-info, light-dark(#2560c4, #7fb2ff));
    --_success: var(--belfry-success, light-dark(#15744a, #5fce9b));
    --_warning: var(--belfry-warning, light-dark(#855700, #f2b654));
    --_critical: var(--belfry-critical, light-dark(#c0212e, #ff8a87));
    --_badge: var(--belfry-badge, light-dark(#c9202f, #ff8a87));
    --_on-badge: var(--belfry-on-badge, light-dark(#ffffff, #2b0808));
    --_radius: var(--belfry-radius, 0.5rem);
    --_radius-small: calc(var(--_radius) * 0.75);
    --_radius-large: calc(var(--_radius) * 1.5);
    --_space: var(--belfry-space, 0.25rem);
    --_shadow: var(
      --belfry-shadow,
      0 0 0 1px light-dark(rgb(20 24 36 / 8%), rgb(255 255 255 / 9%)),
      0 4px 10px light-dark(rgb(20 24 36 / 6%), rgb(0 0 0 / 30%)),
      0 16px 40px light-dark(rgb(20 24 36 / 14%), rgb(0 0 0 / 50%))
    );
    --_motion: 150ms;

    box-sizing: border-box;
    color: var(--_text);
    font: 400 var(--_size) / 1.45 var(--_font);
    text-align: start;
  }

  :host([hidden]) {
    display: none !important;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  svg {
    display: block;
    flex: none;
  }

  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  :focus {
    outline: none;
  }

  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }

  @media (prefers-reduced-motion: reduce) {
    :host {
      --_motion: 0s;
    }
  }
`;

/**
 * Buttons, and links that look like them: `.button` has a border, `.plain` none, `.icon` shows nothing but its icon,
 * `.primary` is the one that matters most.
 */
export const buttons = css`
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: calc(var(--_space) * 1.5);
    min-block-size: calc(var(--_space) * 7);
    margin: 0;
    padding: 0 calc(var(--_space) * 2.5);
    border: 1px solid var(--_line);
    border-radius: var(--_radius-small);
    background: var(--_surface);
    color: inherit;
    font: inherit;
    font-size: var(--_size-small);
    font-weight: 500;
    line-height: 1.2;
    text-decoration: none;
    cursor: pointer;
    transition:
      background-color var(--_motion),
      border-color var(--_motion),
      color var(--_motion);
  }

  .button:hover {
    background: var(--_hover);
  }

  .button:active {
    background: var(--_line);
  }

  .button[disabled],
  .button[aria-disabled="true"] {
    color: var(--_muted);
    background: none;
    cursor: default;
  }

  .plain {
    border-color: transparent;
    background: none;
  }

  .icon {
    inline-size: calc(var(--_space) * 7);
    padding: 0;
    color: var(--_muted);
  }

  .icon:hover {
    color: var(--_text);
  }

  .primary,
  .primary:hover {
    border-color: transparent;
    background: var(--_accent);
    color: var(--_on-accent);
  }

  .primary:hover {
    background: color-mix(in oklab, var(--_accent) 88%, var(--_text));
  }

  @media (pointer: coarse) {
    .button {
      min-block-size: calc(var(--_space) * 9);
    }

    .icon {
      inline-size: calc(var(--_space) * 9);
    }
  }
`;
