// The first page of a relay: what it still needs, in the order in which to do it.
import { html } from "hono/html";
import type { Config } from "./config.ts";

/** Names and commands only: whoever finds the page learns no value, no address and no destination. */
export function welcome({ sources, missing, findings, adminToken }: Config) {
  const steps = [
    ...(adminToken === null ? [secretStep("ADMIN_TOKEN", "opens the API; it stays closed until then")] : []),
    ...missing.filter((name) => name !== "ADMIN_TOKEN").map((name) => secretStep(name, "")),
    ...(findings.length > 0
      ? [html`<li>Mend the configuration: <code>npm run config:check</code> names ${findings.length} of them.</li>`]
      : []),
    ...(sources.size === 0
      ? [
          html`<li>
            Add a source, a destination and a route to <code>wrangler.toml</code>, as in <code>docs/samples/</code>, and
            run <code>npx wrangler deploy</code>.
          </li>`,
        ]
      : []),
  ];
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Hookline</title>
      <style>
        :root {
          color-scheme: light dark;
        }
        body {
          font:
            1rem/1.6 system-ui,
            sans-serif;
          max-width: 40rem;
          margin: 10vh auto;
          padding: 0 1.25rem;
        }
        code {
          font:
            0.9em ui-monospace,
            monospace;
          padding: 0.1em 0.3em;
          border-radius: 4px;
          background: color-mix(in srgb, currentColor 10%, transparent);
        }
        li {
          margin: 0.6rem 0;
        }
      </style>
      <h1>Hookline</h1>
      ${
        steps.length === 0
          ? html`<p>
              The relay is ready. Providers post to <code>/in/&lt;source&gt;</code>; the API is at <code>/api</code>.
            </p>`
          : html`<p>The relay runs. Before it can work, it needs:</p>
              <ol>
                ${steps}
              </ol>`
      }
    </html>`;
}

function secretStep(name: string, why: string) {
  return html`<li><code>npx wrangler secret put ${name}</code>${why === "" ? "" : html` &ndash; ${why}`}</li>`;
}
