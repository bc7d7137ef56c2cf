/** The part of `navigator` that counts on an installed app's icon. Pages and workers have it, where the browser does. */
export interface Badging {
  setAppBadge?(count?: number): Promise<void>;
}

/** Have the app's icon count the unread cards; 0 takes the count away. Without an installed app nothing happens. */
export async function showBadge(badging: Badging, unread: number): Promise<void> {
  try {
    await badging.setAppBadge?.(unread);
  } catch (error) {
    // Where badges are not allowed: an ornament, and no reason to fail.
    console.debug("belfry: the app's badge could not be set", error);
  }
}
