/** How toasts come, make room and go. Who wants no motion sees them fade. */
import { still } from "./motion.ts";

const GLIDE = "belfry-glide";
const DURATION = 220;
const EASING = "cubic-bezier(0.2, 0.8, 0.2, 1)";

/** Where elements are, as they are seen now: their upper edges, in pixels. */
export function placesOf(elements: readonly Element[]): ReadonlyMap<Element, number> {
  return new Map(elements.map((element) => [element, element.getBoundingClientRect().top]));
}

/** Let elements go from where they were to where they are. */
export function glide(before: ReadonlyMap<Element, number>): void {
  if (still()) {
    return;
  }
  for (const element of before.keys()) {
    for (const animation of element.getAnimations().filter(({ id }) => id === GLIDE)) {
      animation.cancel();
    }
  }
  for (const [element, top] of before) {
    const moved = top - element.getBoundingClientRect().top;
    if (element.isConnected && element.checkVisibility() && top !== 0 && Math.abs(moved) >= 1) {
      const from = { transform: `translateY(${moved}px)` };
      element.animate([from, { transform: "none" }], { id: GLIDE, duration: DURATION, easing: EASING });
    }
  }
}

/** `from`: the edge of the screen from which it comes: -1 above, 1 below. */
export function appear(element: Element, from: number): void {
  const away = still() ? "none" : `translateY(${from}rem) scale(0.97)`;
  element.animate([{ opacity: 0, transform: away }, {}], { duration: DURATION, easing: EASING });
}

/** `pushed`: to the right (1) or left (-1) by a finger; 0: it goes by itself. */
export function vanish(element: Element, pushed: number, gone: () => void): void {
  const away = still() ? "none" : pushed === 0 ? "scale(0.97)" : `translateX(${pushed * 110}%)`;
  const to = { opacity: 0, transform: away };
  const animation = element.animate([{}, to], { duration: 160, easing: "ease-in", fill: "forwards" });
  animation.onfinish = animation.oncancel = gone;
}
