// Shows every device with its notifications, and keeps up with what happens. Text only ever becomes text nodes.

const MOST_SHOWN = 60;
const PLATFORMS = { apns: "iPhone", fcmv1: "Android", browser: "Browser" };
const OUTCOMES = {
  pending: "On its way",
  rejected: "Rejected",
  failed: "Failed",
};

const page = {
  phones: document.querySelector("#phones"),
  state: document.querySelector("#state"),
  empty: document.querySelector("#empty"),
  search: document.querySelector("#search"),
};

/** What is known, by the device's number. */
const devices = new Map();
/** Notifications that were there when the page was opened, or have been shown since: they do not slide in again. */
const seen = new Set();
/** Which parts are unfolded; redrawing keeps them so. */
const unfolded = new Set();

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

function fold(key, summary, ...children) {
  const made = element("details", { open: unfolded.has(key) }, element("summary", {}, summary), ...children);
  made.addEventListener("toggle", () => unfolded[made.open ? "add" : "delete"](key));
  return made;
}

function clock(text) {
  const time = new Date(text);
  const today = time.toDateString() === new Date().toDateString();
  return time.toLocaleString([], today ? { timeStyle: "medium" } : { dateStyle: "short", timeStyle: "short" });
}

function silentText(notification) {
  const { payload } = notification;
  const data = { ...payload?.message?.data, ...payload?.message?.android?.data };
  if (Object.keys(data).length > 0) return JSON.stringify(data);
  if (typeof payload !== "object") return String(payload);
  const { aps, message, ...rest } = payload ?? {};
  return Object.keys(rest).length > 0 ? JSON.stringify(rest) : "";
}

function notificationElement(notification, replaces) {
  const { number, kind, title, body, outcome, detail, collapseId, priority } = notification;
  const silent = kind === "silent";
  const fresh = !seen.has(number);
  seen.add(number);
  const marks = [
    priority && `priority ${priority}`,
    collapseId && `collapse id ${collapseId}`,
    replaces > 0 && `replaces ${replaces}`,
  ].filter(Boolean);
  return element(
    "li",
    { class: `notification ${silent ? "silent" : "alert"} ${outcome}${fresh ? " fresh" : ""}` },
    element(
      "div",
      { class: "heading" },
      element("strong", {}, silent ? "Silent: handed to the app" : title || "(no title)"),
      element("time", { datetime: notification.at }, clock(notification.at)),
    ),
    silent ? element("code", {}, silentText(notification)) : element("p", {}, body),
    outcome === "delivered"
      ? undefined
      : element("p", { class: "outcome" }, [OUTCOMES[outcome], detail].filter(Boolean).join(" · ")),
    fold(
      `notification ${number}`,
      marks.join(" · ") || "Payload",
      element("pre", {}, JSON.stringify({ headers: notification.headers, payload: notification.payload }, null, 2)),
    ),
  );
}

function phoneElement(device) {
  const { number, platform, registered, installationId, userId, hub, notifications } = device;
  const shown = notifications.filter((notification) => !notification.replaced);
  const replacedBy = ({ collapseId }) =>
    notifications.filter((each) => each.replaced && each.collapseId === collapseId).length;
  const tags = device.tags ?? [];
  return element(
    "article",
    { class: `phone ${platform}${registered ? "" : " gone"}`, "aria-label": userId ?? installationId },
    element(
      "header",
      {},
      element("span", { class: "platform" }, PLATFORMS[platform]),
      element("h2", {}, userId ?? installationId),
      registered ? undefined : element("span", { class: "badge" }, "not registered"),
    ),
    shown.length > 0
      ? element(
          "ol",
          { tabindex: "0", "aria-label": "Notifications" },
          ...shown.map((each) => notificationElement(each, replacedBy(each))),
        )
      : element("p", { class: "nothing" }, "Nothing yet"),
    fold(
      `device ${number}`,
      `${tags.length} ${tags.length === 1 ? "tag" : "tags"}`,
      element("ul", { class: "tags" }, ...tags.map((tag) => element("li", {}, tag))),
      element("p", { class: "facts" }, `${installationId} in ${hub}, written ${clock(device.lastUpdate)}`),
    ),
  );
}

function matches(device, text) {
  const words = [device.userId, device.installationId, device.hub, ...(device.tags ?? [])];
  return words.some((word) => word?.toLowerCase().includes(text));
}

function draw() {
  const text = page.search.value.trim().toLowerCase();
  const chosen = [...devices.values()]
    .filter((device) => matches(device, text))
    .sort((one, other) => other.registered - one.registered || one.number - other.number);
  const scrolled = new Map(
    [...page.phones.children].map((phone) => [phone.dataset.number, phone.querySelector("ol")?.scrollTop]),
  );
  page.phones.replaceChildren(
    ...chosen.slice(0, MOST_SHOWN).map((device) => {
      const phone = phoneElement(device);
      phone.dataset.number = device.number;
      return phone;
    }),
  );
  for (const phone of page.phones.children) {
    const list = phone.querySelector("ol");
    if (list) list.scrollTop = scrolled.get(phone.dataset.number) ?? 0;
  }
  page.empty.hidden = devices.size > 0;
  const registered = chosen.filter((device) => device.registered).length;
  const more = chosen.length - MOST_SHOWN;
  page.state.textContent = `${registered} registered${more > 0 ? `, and ${more} more than can be shown` : ""}`;
}

async function reload() {
  const response = await fetch("_devices");
  devices.clear();
  for (const device of (await response.json()).devices) {
    devices.set(device.number, device);
    for (const { number } of device.notifications) seen.add(number);
  }
  draw();
}

let drawing = 0;
const events = new EventSource("_events");
// What changed while nobody listened is in the whole.
events.addEventListener("open", reload);
events.addEventListener("error", () => {
  page.state.textContent = "The service does not answer. Trying again …";
});
events.addEventListener("device", (event) => {
  const device = JSON.parse(event.data);
  devices.set(device.number, device);
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    draw();
  });
});
page.search.addEventListener("input", draw);
