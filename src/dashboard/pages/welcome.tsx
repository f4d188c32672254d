// The page for whoever is not signed in: what the relay still needs, in the order in which to do it, and the way in.
import type { Config } from "../../config/configured.ts";
import { Page } from "../parts/layout.tsx";

interface WelcomeProps {
  readonly config: Pick<Config, "sources" | "missing" | "findings" | "adminToken">;
  /** Where to go on after signing in: a path of the dashboard. */
  readonly to: string;
  readonly flash?: string | null;
  /** Why the last attempt to sign in came to nothing. */
  readonly fault?: string;
}

/** Names and commands only: whoever finds the page learns no value, no address and no destination. */
export function Welcome({ config, to, flash = null, fault }: WelcomeProps) {
  const steps = stepsOf(config);
  return (
    <Page title="Hookline" caller={null} current={null} flash={flash}>
      <div class="front">
        <h1>Hookline</h1>
        {steps.length === 0 ? (
          <p>
            The relay is ready. Providers post to <code>/in/&lt;source&gt;</code>; the API is at <code>/api</code>.
          </p>
        ) : (
          <>
            <p>The relay runs. Before it can work, it needs:</p>
            <ol class="steps">{steps}</ol>
          </>
        )}
        {config.adminToken === null ? null : <SignIn to={to} fault={fault} />}
      </div>
    </Page>
  );
}

function SignIn({ to, fault }: { readonly to: string; readonly fault: string | undefined }) {
  return (
    <form method="post" action="/signin" class="card signin">
      <h2>Sign in</h2>
      {fault === undefined ? null : (
        <p id="fault" class="fault" role="alert">
          {fault}
        </p>
      )}
      <input type="hidden" name="to" value={to} />
      <input
        class="unseen"
        type="text"
        name="username"
        value="hookline"
        autocomplete="username"
        tabindex={-1}
        aria-hidden="true"
        readonly
      />
      <label for="secret">ADMIN_TOKEN, or an API key</label>
      <input
        id="secret"
        type="password"
        name="secret"
        autocomplete="current-password"
        spellcheck={false}
        required
        aria-invalid={fault === undefined ? undefined : "true"}
        aria-describedby={fault === undefined ? undefined : "fault"}
      />
      <button type="submit" class="primary">
        Sign in
      </button>
    </form>
  );
}

function stepsOf({ sources, missing, findings, adminToken }: WelcomeProps["config"]) {
  const errors = findings.filter(({ level }) => level === "error").length;
  return [
    ...(adminToken === null
      ? [<Put name="ADMIN_TOKEN" why="opens the API and these pages, and makes the first API key" />]
      : []),
    ...missing.filter((name) => name !== "ADMIN_TOKEN").map((name) => <Put name={name} />),
    ...(errors > 0
      ? [
          <li>
            Fix the configuration: <code>npm run config:check</code> names {errors} of them.
          </li>,
        ]
      : []),
    ...(sources.size === 0
      ? [
          <li>
            Add a source, a destination and a route to <code>wrangler.toml</code>, as in <code>docs/samples/</code>, and
            run <code>npx wrangler deploy</code>.
          </li>,
        ]
      : []),
  ];
}

function Put({ name, why }: { readonly name: string; readonly why?: string }) {
  return (
    <li>
      <code>npx wrangler secret put {name}</code>
      {why === undefined ? null : ` – ${why}`}
    </li>
  );
}
