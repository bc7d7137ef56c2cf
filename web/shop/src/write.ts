/** An alert that somebody writes by hand. */

import type { Severity } from "@belfry/client";
import type { Alert } from "./alerts.ts";

/**
 * The alert that a form describes, by its fields `severity`, `title`, `body`, `category`, `delay` (seconds) and `push`;
 * what is empty is left out.
 */
export function written(form: FormData, id: string, to: string, now: Date): Alert {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const delay = Number(text("delay"));
  return {
    id,
    to: [to],
    title: text("title"),
    severity: text("severity") as Severity,
    push: text("push") as NonNullable<Alert["push"]>,
    ...(text("body") ? { body: text("body") } : {}),
    ...(text("category") ? { category: text("category") } : {}),
    ...(delay > 0 ? { deliverAt: new Date(now.getTime() + delay * 1000).toISOString() } : {}),
  };
}
