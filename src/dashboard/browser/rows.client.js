// Puts events that come in on top of the list, and keeps the states of its rows current. Its table body says which of them belong.
const body = document.querySelector("tbody[data-fresh]");
/** Rows that a page keeps, and that one batch adds: more cannot be read anyway. */
const [MOST, AT_ONCE] = [200, 50];
const RANK = ["failed", "held", "pending", "delivering", "delivered"];

document.addEventListener("news", ({ detail: news }) => {
  for (const event of news.filter(belongs).slice(-AT_ONCE)) add(event);
  for (const one of news) if (one.kind === "delivery") update(one);
});

// What was missed is fetched once, from the address of the page itself. Rows stay where they are: one may have the focus.
document.addEventListener("connected", () => void catchUp());

async function catchUp() {
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || body === null) return;
  for (const row of [...page.querySelectorAll("tbody[data-fresh] tr")].toReversed()) {
    const shown = rowOf(row.getAttribute("data-event") ?? "");
    const state = row.querySelector(".of-state");
    if (shown === null) body.prepend(row);
    else if (state !== null) shown.querySelector(".of-state")?.replaceWith(state);
  }
  trim();
}

/**
 * @param {News} one
 * @returns {one is EventNews}
 */
function belongs(one) {
  if (one.kind !== "event" || rowOf(one.id) !== null) return false;
  return fits("source", one.source) && fits("type", one.type);
}

/**
 * @param {string} name of the filter
 * @param {string} value
 */
function fits(name, value) {
  return (body?.getAttribute(`data-${name}`) ?? value) === value;
}

/** @param {EventNews} event */
function add(event) {
  const row = copyOf("live-row");
  if (row === null || body === null) return;
  row.dataset["event"] = event.id;
  row.classList.add("fresh");
  write(row, ".of-source a", event.source, `/events?source=${encodeURIComponent(event.source)}`);
  write(row, ".of-type bdi", event.type);
  write(row, ".of-id a", `${event.id.slice(0, 16)}…`, `/events/${event.id}`);
  write(row, ".of-size", size(event.size));
  const time = row.querySelector("time");
  const at = event.received_at;
  const milliseconds = document.createElement("span");
  const seconds = document.createElement("b");
  [seconds.textContent, milliseconds.textContent, milliseconds.className] = [at.slice(11, 19), at.slice(19, 23), "dim"];
  time?.replaceChildren(`${at.slice(0, 10)} `, seconds, milliseconds);
  time?.setAttribute("datetime", at);
  body.prepend(row);
  trim();
}

function trim() {
  for (const row of [...(body?.children ?? [])].slice(MOST)) row.remove();
  if (body?.firstElementChild) document.querySelector("[data-empty]")?.closest(".empty")?.remove();
}

/** @param {DeliveryNews} news */
function update({ event, destination, state }) {
  const progress = rowOf(event)?.querySelector("[data-deliveries]");
  if (!(progress instanceof HTMLElement)) return;
  /** @type {Record<string, string>} */
  const states = JSON.parse(progress.dataset["deliveries"] ?? "{}");
  states[destination] = state;
  progress.dataset["deliveries"] = JSON.stringify(states);
  const worst = RANK.find((one) => Object.values(states).includes(one)) ?? "unrouted";
  const inIt = Object.keys(states).filter((name) => states[name] === worst);
  const badge = copyOf(`live-${worst}`);
  if (badge !== null) progress.firstElementChild?.replaceWith(badge);
  const all = Object.keys(states).length;
  write(progress, ".where", inIt.length > 2 ? `${inIt.length} of ${all}` : inIt.join(", "));
}

/** @param {string} id */
function rowOf(id) {
  return body?.querySelector(`tr[data-event="${CSS.escape(id)}"]`) ?? null;
}

/** @param {string} id */
function copyOf(id) {
  const template = document.getElementById(id);
  const copy = template instanceof HTMLTemplateElement ? template.content.firstElementChild?.cloneNode(true) : null;
  return copy instanceof HTMLElement ? copy : null;
}

/**
 * @param {Element} within
 * @param {string} selector
 * @param {string} text
 * @param {string} [href]
 */
function write(within, selector, text, href) {
  const element = within.querySelector(selector);
  if (element === null) return;
  element.textContent = text;
  if (href !== undefined) element.setAttribute("href", href);
}

/** As words.ts writes it. @param {number} bytes */
function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
