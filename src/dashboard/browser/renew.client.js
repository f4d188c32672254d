// Renews the parts of a page that are marked with data-renew: when there is news, and where a part names its seconds, as time goes by.
/** Between two renewals, in ms, however much news there is; a page that is dear to make names a longer time. */
const BETWEEN_MS = Number(document.querySelector("[data-between]")?.getAttribute("data-between") ?? 2) * 1_000;
let renewAt = Date.now() + BETWEEN_MS;
let asleep = true;

document.addEventListener("news", () => renewIn(300));
document.addEventListener("connected", () => renewIn(0));
document.addEventListener("visibilitychange", () => renewIn(0));
renewAgain();

/** @param {number} ms */
function renewIn(ms) {
  if (!asleep || document.hidden) return;
  asleep = false;
  setTimeout(renew, Math.max(ms, renewAt - Date.now()));
}

function renewAgain() {
  const part = document.querySelector("[data-renew][data-every]");
  const seconds = Number(part?.getAttribute("data-every"));
  if (seconds > 0) renewIn(seconds * 1_000);
}

async function renew() {
  asleep = true;
  renewAt = Date.now() + BETWEEN_MS;
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && !answer.redirected) replaceWith(page);
  } catch {
    // Offline for a moment: the next renewal will do.
  }
  renewAgain();
}

/** @param {Document} page */
function replaceWith(page) {
  for (const part of document.querySelectorAll("[data-renew]")) {
    const newer = page.querySelector(`[data-renew="${part.getAttribute("data-renew")}"]`);
    // Whoever is about to press a button, or has something open, is not interrupted.
    const busy = part.contains(document.activeElement) || part.querySelector("details[open]") !== null;
    if (newer !== null && !busy) part.replaceWith(document.adoptNode(newer));
  }
  document.dispatchEvent(new CustomEvent("renewed", { detail: page }));
}
