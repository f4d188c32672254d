// Draws the counts of the overview and of the costs as plots and moves them with the news. Colours and dashes are those of the page's style.
/**
 * @typedef {{ at: number[], series: Record<string, number[]> }} Points
 * @typedef {{ figure: HTMLElement, points: Points, plot: import("uplot") | null }} Drawn
 */
const HEIGHT = 190;
const stepSeconds = Number(document.querySelector("[data-step]")?.getAttribute("data-step") ?? 60);
const inThousands = new Intl.NumberFormat("en-GB");
const inDollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumSignificantDigits: 2 });

/** @type {Drawn[]} */
const drawn = [...document.querySelectorAll("figure.plot")].flatMap((figure) =>
  figure instanceof HTMLElement ? [{ figure, points: pointsOf(figure), plot: null }] : [],
);

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
let resized = 0;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(drawAll, 150);
});

document.addEventListener("news", ({ detail: news }) => {
  const names = news.map(countedAs);
  for (const one of drawn) {
    for (const name of names) count(one.points, name);
    show(one);
  }
  news.forEach(tally);
});

// The relay's own counts are the better ones: news may be missed, and a page may sleep.
document.addEventListener("renewed", ({ detail: page }) => {
  const newer = page.querySelectorAll("figure.plot");
  for (const [n, one] of drawn.entries()) {
    const figure = newer[n];
    if (figure instanceof HTMLElement) one.points = pointsOf(figure);
    show(one);
  }
});

/**
 * @param {HTMLElement} figure
 * @returns {Points}
 */
function pointsOf(figure) {
  return JSON.parse(figure.dataset["points"] ?? "{}");
}

/** @param {News} one */
function countedAs(one) {
  if (one.kind === "event") return "accepted";
  if (one.kind === "refusal") return "refused";
  if (one.kind !== "delivery") return "";
  return one.state === "pending" ? "retried" : one.state;
}

/**
 * It belongs to the last step, or to one that begins now.
 * @param {Points} points
 * @param {string} name
 */
function count({ at, series }, name) {
  const values = series[name];
  if (values === undefined) return;
  const start = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds;
  if ((at.at(-1) ?? start) < start) {
    at.push(start);
    at.shift();
    for (const all of Object.values(series)) {
      all.push(0);
      all.shift();
    }
  }
  values[values.length - 1] = (values.at(-1) ?? 0) + 1;
}

/** Counts it in the row of its source or destination too. @param {News} one */
function tally(one) {
  if (one.kind === "skipped") return;
  const [kind, name] = one.kind === "delivery" ? ["destination", one.destination] : ["source", one.source];
  const row = document.querySelector(`tr[data-${kind}="${CSS.escape(name)}"]`);
  if (row === null) return;
  const cell = row.querySelector(`[data-count="${countedAs(one)}"]`);
  if (cell !== null) cell.textContent = inThousands.format(Number((cell.textContent ?? "").replaceAll(",", "")) + 1);
  const last = row.querySelector("[data-last]");
  if (last !== null && one.kind === "event") last.textContent = "just now";
}

/** @param {Drawn} one */
function show(one) {
  one.plot?.setData(dataOf(one.points));
  legend(one);
}

/**
 * @param {Points} points
 * @returns {import("uplot").AlignedData}
 */
function dataOf({ at, series }) {
  return [at, ...Object.values(series)];
}

/** The numbers of the step under the pointer, or the sums. @param {Drawn} one */
function legend({ figure, points, plot }) {
  const index = plot?.cursor.idx ?? null;
  for (const [name, values] of Object.entries(points.series)) {
    const shown = index === null ? values.reduce((sum, value) => sum + value, 0) : values[index];
    const place = figure.querySelector(`[data-total="${name}"]`);
    if (place !== null) place.textContent = (isMoney(figure) ? inDollars : inThousands).format(shown ?? 0);
  }
  const when = figure.querySelector("[data-when]");
  if (when !== null) when.textContent = index === null ? "" : `${clock(points.at[index] ?? 0)} UTC`;
}

function drawAll() {
  drawn.forEach(draw);
}

/** @param {Drawn} one */
function draw(one) {
  const { figure, points } = one;
  const place = figure.querySelector(".canvas");
  if (!(place instanceof HTMLElement)) return;
  one.plot?.destroy();
  figure.classList.add("drawn");
  const wide = stepSeconds >= 7_200;
  one.plot = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      padding: [8, 24, 0, 0],
      cursor: { sync: { key: "overview" }, drag: { x: false, y: false }, y: false },
      scales: { y: { range: (_plot, _least, most) => [0, Math.max(isMoney(figure) ? 0.0001 : 4, most * 1.08)] } },
      axes: [
        { ...axis(figure), values: (_plot, ticks) => ticks.map(clock), space: wide ? 96 : 64, size: 28 },
        {
          ...axis(figure),
          values: (_plot, ticks) => ticks.map(isMoney(figure) ? (n) => inDollars.format(n) : whole),
          size: (_plot, texts) => Math.max(48, 16 + 7 * Math.max(...(texts ?? []).map(({ length }) => length))),
        },
      ],
      series: [{}, ...Object.keys(points.series).map((name, n) => line(figure, name, n === 0))],
      hooks: { setCursor: [() => legend(one)] },
    },
    dataOf(points),
    place,
  );
}

/** @param {HTMLElement} figure */
function isMoney(figure) {
  return figure.dataset["unit"] === "usd";
}

/** @param {HTMLElement} figure */
function axis(figure) {
  return {
    stroke: styleOf(figure, ".ends").color,
    font: "12px system-ui, sans-serif",
    grid: { stroke: styleOf(figure, ".rule").borderTopColor, width: 1 },
    ticks: { show: false },
  };
}

/**
 * @param {HTMLElement} figure
 * @param {string} name
 * @param {boolean} filled
 */
function line(figure, name, filled) {
  const { stroke, strokeDasharray } = styleOf(figure, `[data-series="${name}"] .line`);
  const dash = strokeDasharray === "none" ? [] : strokeDasharray.split(/[ ,]+/).map(Number.parseFloat);
  const fill = filled ? stroke.replace(/^rgba?\((.*?)\)$/, "rgba($1, 0.08)") : "transparent";
  return { label: name, stroke, dash, fill, width: 1.75, points: { show: false } };
}

/**
 * @param {HTMLElement} figure
 * @param {string} selector
 */
function styleOf(figure, selector) {
  return getComputedStyle(figure.querySelector(selector) ?? figure);
}

/** @param {number} n */
function whole(n) {
  return Number.isInteger(n) ? inThousands.format(n) : "";
}

/** In UTC, as all times of the pages. @param {number} seconds */
function clock(seconds) {
  const at = new Date(seconds * 1000).toISOString();
  if (stepSeconds >= 86_400) return at.slice(5, 10);
  return stepSeconds >= 7_200 ? `${at.slice(5, 10)} ${at.slice(11, 16)}` : at.slice(11, 16);
}
