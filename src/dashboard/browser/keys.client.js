// Keys in lists: j and k go from row to row, / to the search, n to older entries, ? to the help. Enter is the link's own.
const help = document.getElementById("keys");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help?.hasAttribute("open")) return;
  const at = event.target;
  if (at instanceof HTMLElement && at.closest("input, select, textarea") !== null) {
    if (event.key === "Escape") at.blur();
    return;
  }
  const act = ACTS[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

/** @type {Record<string, () => void>} */
const ACTS = {
  j: () => move(1),
  k: () => move(-1),
  n: () => {
    const older = document.querySelector("a[rel=next]");
    if (older instanceof HTMLElement) older.click();
  },
  "/": () => {
    const field = document.querySelector("[data-search]");
    if (field instanceof HTMLInputElement) field.select();
  },
  "?": () => {
    if (help instanceof HTMLDialogElement) help.showModal();
  },
};

/** @param {number} by */
function move(by) {
  const links = [...document.querySelectorAll("[data-rows] [data-open]")];
  const row = document.activeElement?.closest("[data-rows] tr, [data-rows] article");
  const here = links.findIndex((link) => row?.contains(link));
  const link = links[Math.max(0, Math.min(links.length - 1, here + by))];
  if (!(link instanceof HTMLElement)) return;
  link.focus({ preventScroll: true });
  link.closest("tr, article")?.scrollIntoView({ block: "nearest" });
}
