// Keeps the page of an event current: whenever there is news of it, the page is fetched again and its story put in place.
const LEAST_MS = 1_000;
let planned = false;

document.addEventListener("news", ({ detail: news }) => {
  const id = story()?.dataset["event"];
  if (news.some((one) => one.kind === "delivery" && one.event === id)) plan();
});
// What moves may have moved on since the page was made.
document.addEventListener("connected", () => {
  if (story()?.hasAttribute("data-moving")) plan();
});

/** Many attempts in one second are one look. */
function plan() {
  if (planned) return;
  planned = true;
  setTimeout(() => void refresh(), LEAST_MS);
}

async function refresh() {
  planned = false;
  if (busy()) return plan();
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [shown, fresh] = [story(), page.querySelector("[data-story]")];
  if (!answer.ok || shown === null || fresh === null) return;
  if (busy()) return plan();
  shown.toggleAttribute("data-moving", fresh.hasAttribute("data-moving"));
  shown.replaceChildren(...fresh.childNodes);
}

/** Whether somebody is about to press a button, or has something open, and is not to be interrupted. */
function busy() {
  const shown = story();
  return shown !== null && (shown.querySelector("details[open]") !== null || shown.contains(document.activeElement));
}

function story() {
  const element = document.querySelector("[data-story]");
  return element instanceof HTMLElement ? element : null;
}
