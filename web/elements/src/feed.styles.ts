import { css } from "lit";

export const feedStyles = css`
  :host {
    display: block;
    position: relative;
    overflow: hidden auto;
    /* The feed does this by itself, in every browser. */
    overflow-anchor: none;
    overscroll-behavior: contain;
    scroll-padding-block: calc(var(--_space) * 2);
    scrollbar-width: thin;
    scrollbar-color: var(--_line) transparent;
  }

  .day {
    padding-block: calc(var(--_space) * 4) var(--_space);
    padding-inline: calc(var(--_space) * 5) calc(var(--_space) * 4);
    color: var(--_muted);
    font-size: var(--_size-small);
    font-weight: 600;
  }

  .row {
    scroll-margin-block-start: calc(var(--_space) * 2);
  }

  /* The pill hangs over the list and takes no room in it. */
  .above {
    position: sticky;
    z-index: 2;
    inset-block-start: 0;
    block-size: 0;
    display: flex;
    justify-content: center;
  }

  .pill {
    block-size: calc(var(--_space) * 7.5);
    margin-block-start: calc(var(--_space) * 2.5);
    padding-inline: calc(var(--_space) * 3) calc(var(--_space) * 4);
    border-radius: calc(var(--_space) * 4);
    box-shadow: 0 2px 10px rgb(0 0 0 / 22%);
    animation: appear var(--_motion) ease-out;
  }

  @keyframes appear {
    from {
      opacity: 0;
      transform: translateY(-0.25rem);
    }
  }

  .end {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: calc(var(--_space) * 2);
    padding: calc(var(--_space) * 4);
    color: var(--_muted);
    font-size: var(--_size-small);
    text-align: center;
  }

  .end:empty {
    padding: calc(var(--_space) * 2);
  }

  .end:has(.skeleton) {
    padding: 0;
  }

  .skeletons {
    align-self: stretch;
  }

  .skeleton {
    display: grid;
    grid-template-columns: 2rem 1fr;
    column-gap: calc(var(--_space) * 3);
    padding-block: calc(var(--_space) * 3);
    padding-inline: calc(var(--_space) * 5) calc(var(--_space) * 4);
    border-block-end: 1px solid var(--_line);
  }

  .skeleton i {
    display: block;
    block-size: 0.625rem;
    margin-block: 0.5rem;
    border-radius: 0.3125rem;
    background: var(--_line);
  }

  .skeleton i:first-child {
    grid-row: 1 / span 3;
    inline-size: 2rem;
    block-size: 2rem;
    margin: 0;
    border-radius: 50%;
  }

  .skeleton i:nth-child(2) {
    inline-size: 55%;
  }

  .skeleton i:nth-child(3) {
    inline-size: 85%;
  }

  .skeleton i:nth-child(4) {
    inline-size: 30%;
  }

  @media not (prefers-reduced-motion: reduce) {
    .skeleton {
      animation: breathe 1.8s ease-in-out infinite alternate;
    }
  }

  @keyframes breathe {
    to {
      opacity: 0.45;
    }
  }
`;
