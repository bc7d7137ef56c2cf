export interface State {
  /** Put it into the page; resolves when there is something to see. */
  show(body: HTMLElement): Promise<void> | void;
}

/** Whatever was to be rendered has been. */
export async function settled(): Promise<void> {
  for (let frame = 0; frame < 4; frame += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}
