import { plurals, readable, type Texts } from "./text.ts";

const plural = plurals("de");

export const de: Texts = {
  close: "Schließen",
  severity: { info: "Information", success: "Erfolg", warning: "Warnung", critical: "Kritisch" },
  category: readable,
  offline: "Sie sind offline.",
  reconnecting: "Keine Verbindung. Neuer Versuch…",
  queued: (count) =>
    plural(count, { one: "# Änderung wird noch gesendet.", other: "# Änderungen werden noch gesendet." }),
  bell: {
    label: (unread) =>
      unread === 0
        ? "Benachrichtigungen, keine ungelesen"
        : unread > 99
          ? "Benachrichtigungen, mehr als 99 ungelesen"
          : `Benachrichtigungen, ${unread} ungelesen`,
    offline: "offline",
  },
  inbox: {
    title: "Benachrichtigungen",
    show: "Anzeigen",
    all: "Alle",
    unread: "Ungelesen",
    filter: "Filter",
    filtered: (count) => plural(count, { other: "Filter, # gesetzt" }),
    severity: "Dringlichkeit",
    category: "Kategorie",
    clearFilters: "Filter zurücksetzen",
    markAllRead: "Alle als gelesen markieren",
    allMarkedRead: "Alle als gelesen markiert",
    fresh: (count) => plural(count, { one: "# neue", other: "# neue" }),
    loading: "Wird geladen…",
    loadMore: "Ältere anzeigen",
    empty: "Alles ruhig",
    emptyHint: "Was Ihre Aufmerksamkeit braucht, erscheint hier.",
    noMatch: "Keine Treffer",
    noMatchHint: "Keine Benachrichtigung passt zu diesem Filter.",
    failed: "Ihre Benachrichtigungen konnten nicht geladen werden",
    failedOlder: "Ältere konnten nicht geladen werden.",
    retry: "Erneut versuchen",
    signedOut: "Sie sind abgemeldet",
    signedOutHint: "Melden Sie sich wieder an, um Ihre Benachrichtigungen zu sehen.",
    archived: (title) => `„${title}“ archiviert`,
    undo: "Rückgängig",
    undone: "Rückgängig gemacht",
  },
  card: {
    unread: "Ungelesen",
    markRead: "Als gelesen markieren",
    markUnread: "Als ungelesen markieren",
    archive: "Archivieren",
    more: "Mehr anzeigen",
    less: "Weniger anzeigen",
    newTab: "öffnet in neuem Tab",
  },
  announce: {
    arrived: (title) => `Neue Benachrichtigung: ${title}`,
    arrivals: (count) => plural(count, { other: "# neue Benachrichtigungen" }),
    critical: (title) => `Kritisch: ${title}`,
    criticals: (count) => plural(count, { other: "# kritische Benachrichtigungen" }),
    markedRead: "Als gelesen markiert",
    markedUnread: "Als ungelesen markiert",
  },
};
