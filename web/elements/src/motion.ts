/** Whether the person wants no motion. */
export function still(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Draw the eye to an element for a moment: by colour alone, so it is no motion; without motion it does not fade. */
export function highlight(element: Element): void {
  element.animate(
    [
      { backgroundColor: "color-mix(in oklab, var(--_accent) 16%, var(--_surface))" },
      { backgroundColor: "transparent" },
    ],
    { duration: 1600, easing: still() ? "step-end" : "ease-in" },
  );
}

/** Once to and fro, as a bell does. */
export function ring(element: Element): void {
  if (!still() && element.getAnimations().length === 0) {
    const angles = [0, 14, -12, 9, -6, 3, 0];
    element.animate(
      angles.map((angle) => ({ transform: `rotate(${angle}deg)` })),
      { duration: 700, easing: "ease-in-out" },
    );
  }
}
