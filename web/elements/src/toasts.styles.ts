import { css } from "lit";

/** What lies above the page: a little lighter where it is dark, with a shadow that does not fall on its neighbours. */
export const near = css`
  :host {
    --_raised: light-dark(var(--_surface), color-mix(in oklab, var(--_surface) 94%, white));
    --_near: var(
      --belfry-toast-shadow,
      0 0 0 1px light-dark(rgb(20 24 36 / 8%), rgb(255 255 255 / 10%)),
      0 2px 4px light-dark(rgb(20 24 36 / 5%), rgb(0 0 0 / 25%)),
      0 4px 10px light-dark(rgb(20 24 36 / 9%), rgb(0 0 0 / 35%))
    );
  }
`;

export const toastsStyles = css`
  :host {
    display: contents;
  }

  /* No larger than what is in it: clicks beside it reach the page. */
  .layer {
    --_edge: 1rem;
    --_gap: calc(var(--_space) * 2.5);

    position: fixed;
    inset: auto;
    inset-block-end: 0;
    inset-inline-end: 0;
    flex-direction: column-reverse;
    gap: var(--_gap);
    inline-size: min(24rem + 2 * var(--_edge), 100vw);
    block-size: auto;
    max-block-size: 100dvh;
    margin: 0;
    padding-block: max(var(--_edge), env(safe-area-inset-top)) max(var(--_edge), env(safe-area-inset-bottom));
    padding-inline: max(var(--_edge), env(safe-area-inset-left), env(safe-area-inset-right));
    overflow: hidden auto;
    overscroll-behavior: contain;
    scrollbar-width: none;
    border: 0;
    background: none;
    color: var(--_text);
    pointer-events: none;
  }

  .layer:popover-open {
    display: flex;
  }

  .top {
    flex-direction: column;
    inset-block: 0 auto;
  }

  .start {
    inset-inline: 0 auto;
  }

  ol {
    display: flex;
    flex: none;
    flex-direction: column-reverse;
    gap: var(--_gap);
    margin: 0;
    padding: 0;
    list-style: none;
    pointer-events: auto;
  }

  .top ol {
    flex-direction: column;
  }

  .leaving {
    pointer-events: none;
  }

  ol:not(.closer) > .beyond {
    display: none;
  }

  .more {
    flex: none;
    align-self: center;
    border-color: transparent;
    border-radius: calc(var(--_space) * 5);
    background: var(--_raised);
    box-shadow: var(--_near);
    pointer-events: auto;
  }

  .few,
  .tight {
    display: none;
  }

  /* All are in sight: it is there only for who is on it. */
  .closer + .more:not(:focus) {
    position: absolute;
    opacity: 0;
    pointer-events: none;
  }

  /* Where there is little room, those behind the first one are but edges. */
  @media (width < 40rem), (height < 34rem) {
    .layer {
      --_edge: 0.5rem;
    }

    .roomy {
      display: none;
    }

    .few {
      display: inline-flex;
    }

    .tight {
      display: inline;
    }

    ol:not(.closer) {
      --_away: -0.5rem;
      display: grid;
      padding-block: calc(-2 * var(--_away)) 0;
    }

    .top ol:not(.closer) {
      --_away: 0.5rem;
      padding-block: 0 calc(2 * var(--_away));
    }

    ol:not(.closer) > li {
      grid-area: 1 / 1;
      z-index: 2;
    }

    ol:not(.closer) > :is(.second, .third) {
      z-index: 1;
      block-size: 0;
      min-block-size: 100%;
      scale: 0.95 1;
      translate: 0 var(--_away);
    }

    ol:not(.closer) > .third {
      z-index: 0;
      scale: 0.9 1;
      translate: 0 calc(2 * var(--_away));
    }

    ol:not(.closer) > :is(.second, .third) > belfry-toast {
      block-size: 100%;
      overflow: hidden;
      pointer-events: none;
    }
  }

  @media (width < 30rem) {
    .layer {
      inline-size: 100vw;
    }
  }
`;
