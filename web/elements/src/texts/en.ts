import { plurals, readable, type Texts } from "./text.ts";

const plural = plurals("en");

export const en: Texts = {
  close: "Close",
  severity: { info: "Information", success: "Success", warning: "Warning", critical: "Critical" },
  category: readable,
  offline: "You are offline.",
  reconnecting: "No connection. Trying again…",
  queued: (count) => plural(count, { one: "# change will be sent.", other: "# changes will be sent." }),
  bell: {
    label: (unread) =>
      unread === 0
        ? "Notifications, none unread"
        : unread > 99
          ? "Notifications, more than 99 unread"
          : `Notifications, ${unread} unread`,
    offline: "offline",
  },
  inbox: {
    title: "Notifications",
    show: "Show",
    all: "All",
    unread: "Unread",
    filter: "Filter",
    filtered: (count) => plural(count, { one: "Filter, # set", other: "Filter, # set" }),
    severity: "Severity",
    category: "Category",
    clearFilters: "Clear filters",
    markAllRead: "Mark all as read",
    allMarkedRead: "All marked as read",
    fresh: (count) => plural(count, { other: "# new" }),
    loading: "Loading…",
    loadMore: "Show older",
    empty: "All quiet",
    emptyHint: "What needs your attention will appear here.",
    noMatch: "Nothing matches",
    noMatchHint: "No notification fits this filter.",
    failed: "Your notifications could not be loaded",
    failedOlder: "Older ones could not be loaded.",
    retry: "Try again",
    signedOut: "You are signed out",
    signedOutHint: "Sign in again to see your notifications.",
    archived: (title) => `Archived “${title}”`,
    undo: "Undo",
    undone: "Undone",
  },
  card: {
    unread: "Unread",
    markRead: "Mark as read",
    markUnread: "Mark as unread",
    archive: "Archive",
    more: "Show more",
    less: "Show less",
    newTab: "opens in a new tab",
  },
  announce: {
    arrived: (title) => `New notification: ${title}`,
    arrivals: (count) => plural(count, { other: "# new notifications" }),
    critical: (title) => `Critical: ${title}`,
    criticals: (count) => plural(count, { other: "# critical notifications" }),
    markedRead: "Marked as read",
    markedUnread: "Marked as unread",
  },
};
