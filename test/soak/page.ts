// The report as one file that anybody can open: no script, nothing to load, light or dark as its reader is. Pure.
import { html, raw } from "hono/html";
import { grouped } from "../../src/cli/columns.ts";
import { BEHAVIOUR } from "./behaviour.ts";
import { plot } from "./plot.ts";
import type { Report } from "./report.ts";
import { seconds, sections, sum, verdict } from "./words.ts";

export async function page(report: Report): Promise<string> {
  const { account, conditions, series, ok } = report;
  const whole = await html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>Hookline crash soak</title>
      <style>
        ${raw(STYLE)}
      </style>
      <main>
        <header>
          <p class="kind">Hookline crash soak, ${conditions.date.slice(0, 16).replace("T", " ")} UTC</p>
          <h1 class="${ok ? "good" : "bad"}">${verdict(report)}</h1>
          <p>
            The whole relay, workerd included, was killed with <code>kill −9</code> every 2 to 8 seconds for
            ${minutes(conditions.chaosS)} and started again on the same state, while real signers sent
            ${grouped(conditions.rate)} events a second and receivers failed in every way below. Then everything was
            left alone until nothing was open, and three books were compared: what the senders were told, what the
            database holds, what the receivers heard.
          </p>
        </header>
        <ul class="tiles">
          ${tiles(report)}
        </ul>
        ${
          account.findings.length === 0
            ? ""
            : html`<section class="wrong">
                <h2>Wrong</h2>
                ${findings(report)}
              </section>`
        }
        <section class="plot">${raw(plot(series))}</section>
        <div class="sections">${tables(report)}</div>
        <section>
          <h2>How receivers behaved</h2>
          <table>
            ${Object.entries(BEHAVIOUR).map(
              ([name, { says }]) =>
                html`<tr>
                  <th>${name}</th>
                  <td class="words">${says}</td>
                </tr>`,
            )}
          </table>
        </section>
        <footer>
          ${conditions.machine}; seed ${conditions.seed}. Everything on this one machine. A duplicate is a request after
          the receiver had answered 2xx: it is explained if the attempt before is on record as lost and a kill fell into
          it.
        </footer>
      </main>
    </html>`;
  return whole.toString();
}

const tile = (value: string, name: string) => html`<li><b>${value}</b> ${name}</li>`;

function tiles({ account, kills, slowestRestartS, ackToEndS }: Report) {
  return [
    tile(grouped(account.acked), "events acknowledged"),
    tile(grouped(account.delivered), `of ${grouped(account.deliveries)} deliveries succeeded`),
    tile(grouped(kills), "kills"),
    tile(grouped(sum(account.duplicates)), "duplicates"),
    tile(seconds(slowestRestartS), "slowest recovery"),
    tile(seconds(ackToEndS.p50), "median from 2xx to end"),
  ];
}

function findings({ account }: Report) {
  return account.findings.map(
    ({ rule, count, examples }) =>
      html`<h3>${grouped(count)} × ${rule}</h3>
        <ul>
          ${examples.map((example) => html`<li><code>${example}</code></li>`)}
        </ul>`,
  );
}

const cell = (value: string | number) => (typeof value === "number" ? grouped(value) : value);

function tables(report: Report) {
  return sections(report).map(
    ({ title, lines }) =>
      html`<section>
        <h2>${title}</h2>
        <table>
          ${lines.map(
            ([name, value]) =>
              html`<tr>
                <th>${name}</th>
                <td>${cell(value)}</td>
              </tr>`,
          )}
        </table>
      </section>`,
  );
}

function minutes(s: number): string {
  if (s < 120) return `${s} seconds`;
  return `${(s / 60).toLocaleString("en-GB", { maximumFractionDigits: 1 })} minutes`;
}

const STYLE = `
:root { --paper: #fdfdfb; --ink: #1d2126; --soft: #5f6770; --line: #dfe1dd; --tile: #f3f4f0;
  --in: #2563a8; --out: #1a7f4e; --open: #a8620b; --kill: #c5283d; --good: #14693f; --bad: #b3202f }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --ink: #e6e8e6; --soft: #9aa3ab; --line: #2d3338; --tile: #1d2226;
    --in: #74b0f0; --out: #5ecb92; --open: #eab05c; --kill: #f0707f; --good: #6bd79c; --bad: #ff8791 }
}
* { box-sizing: border-box; margin: 0 }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  -webkit-text-size-adjust: 100% }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; display: grid; gap: 1.75rem }
header { display: grid; gap: .6rem; max-width: 46rem }
.kind, footer { color: var(--soft); font-size: .85rem }
h1 { font-size: clamp(1.35rem, 5vw, 1.9rem); line-height: 1.25; text-wrap: balance }
h1.good { color: var(--good) } h1.bad, .wrong h2 { color: var(--bad) }
h2 { font-size: 1rem; margin-bottom: .35rem } h3 { font-size: .95rem }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere }
.tiles { list-style: none; padding: 0; display: grid; gap: .6rem; grid-template-columns: repeat(2, 1fr) }
@media (min-width: 34rem) { .tiles { grid-template-columns: repeat(3, 1fr) } }
@media (min-width: 60rem) { .tiles { grid-template-columns: repeat(6, 1fr) } }
.tiles li { background: var(--tile); border-radius: .5rem; padding: .6rem .75rem; color: var(--soft); font-size: .85rem; line-height: 1.35 }
.tiles b { display: block; color: var(--ink); font-size: 1.45rem; line-height: 1.3; font-variant-numeric: tabular-nums }
.plot { display: grid; gap: .9rem }
figcaption { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .85rem; margin-bottom: .35rem }
.panel { position: relative }
.panel svg { display: block; width: 100%; height: 9.5rem; overflow: visible }
.scale { position: absolute; left: 0; font-size: .72rem; line-height: 1; color: var(--soft); background: var(--paper);
  padding: 0 .3rem 0 0; transform: translateY(-50%); font-variant-numeric: tabular-nums }
path { fill: none; vector-effect: non-scaling-stroke }
.grid { stroke: var(--line); stroke-width: 1 }
.kill { stroke: var(--kill); stroke-width: 1; opacity: .55 }
.line { stroke-width: 1.6; stroke-linejoin: round }
.line.in { stroke: var(--in) } .line.out { stroke: var(--out) } .line.open { stroke: var(--open) }
.area.open { fill: var(--open); opacity: .18 }
rect.calm { fill: var(--out); opacity: .07 }
.times { position: relative; height: 1.1rem; margin-top: -.6rem; font-size: .72rem; color: var(--soft) }
.times span { position: absolute; font-variant-numeric: tabular-nums }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .85rem }
.key::before { content: ""; display: inline-block; width: .9rem; height: .16rem; margin-right: .4rem; vertical-align: middle; background: currentColor }
.key { color: var(--soft) } .key.in::before { background: var(--in) } .key.out::before { background: var(--out) }
.key.kill { opacity: 1 } .key.kill::before { background: var(--kill); width: .14rem; height: .9rem }
.key.calm::before { background: var(--out); opacity: .3; height: .9rem }
.sections { columns: 22rem 2; column-gap: 2.5rem }
.sections section { break-inside: avoid; margin-bottom: 1.5rem }
table { width: 100%; border-collapse: collapse; font-size: .9rem }
th, td { text-align: left; font-weight: 400; padding: .28rem 0; border-top: 1px solid var(--line); vertical-align: top }
td { text-align: right; padding-left: 1rem; font-variant-numeric: tabular-nums; white-space: nowrap }
td.words { text-align: left; white-space: normal }
.wrong { border-left: .25rem solid var(--bad); padding-left: 1rem; display: grid; gap: .5rem }
`;
