/** How far a finger moves before it is a swipe, in pixels. */
const SLOP = 8;
/** How much of its width an element has to be moved by to go. */
const ENOUGH = 0.4;
/** A flick is enough from this speed on, in pixels a millisecond. */
const FLICK = 0.5;

interface Touch {
  readonly pointer: number;
  readonly x: number;
  readonly y: number;
  readonly time: number;
  swiping: boolean;
}

/**
 * Lets a finger push an element aside. It needs `touch-action: pan-y`, so that the page still scrolls.
 *
 * Made for each element: add it as a listener of its `pointerdown`, `pointermove`, `pointerup` and `pointercancel`.
 */
export class Swipe {
  readonly #gone: (direction: number) => void;
  #touch: Touch | null = null;

  /** `gone`: the element was pushed away, to the right (1) or to the left (-1). */
  constructor(gone: (direction: number) => void) {
    this.#gone = gone;
  }

  readonly handleEvent = (event: PointerEvent): void => {
    const element = event.currentTarget as HTMLElement;
    if (event.type === "pointerdown") {
      if (event.pointerType === "touch" && event.isPrimary) {
        const { pointerId: pointer, clientX: x, clientY: y, timeStamp: time } = event;
        this.#touch = { pointer, x, y, time, swiping: false };
      }
      return;
    }
    const touch = this.#touch;
    if (touch?.pointer !== event.pointerId) {
      return;
    }
    const moved = event.clientX - touch.x;
    if (event.type === "pointermove") {
      if (!touch.swiping && Math.abs(moved) > SLOP && Math.abs(moved) > Math.abs(event.clientY - touch.y)) {
        touch.swiping = true;
        element.setPointerCapture(event.pointerId);
      }
      if (touch.swiping) {
        element.style.translate = `${moved}px 0`;
      }
      return;
    }
    this.#touch = null;
    const speed = Math.abs(moved) / Math.max(1, event.timeStamp - touch.time);
    const far = Math.abs(moved) > element.clientWidth * ENOUGH || speed > FLICK;
    if (touch.swiping && event.type === "pointerup" && far) {
      this.#gone(Math.sign(moved));
    } else if (touch.swiping) {
      element.style.translate = "";
      element.animate([{ translate: `${moved}px 0` }, {}], { duration: 200, easing: "ease-out" });
    }
  };
}
