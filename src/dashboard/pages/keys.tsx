// `/keys`: who and what may use the API, for admins. A secret is shown once, as the answer to the form that made it.
import { Hono } from "hono";
import type { ApiKey, Caller, NewApiKey, Role } from "../../contract/access.ts";
import { flashOf } from "../words/flash.ts";
import { Page } from "../parts/layout.tsx";
import { by, done, field, needs, type PageContext, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Copyable, Empty, Facts, Foreign, Post, StateBadge, When } from "../parts/parts.tsx";

/** Days that a key may live; the last one is for ever. */
const LIVES = [
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "a year" },
  { days: null, label: "for ever" },
] as const;

const ROLES: readonly { readonly role: Role; readonly says: string }[] = [
  { role: "viewer", says: "looks at everything but keys and audit" },
  { role: "operator", says: "replays, cancels, pauses and tests as well" },
  { role: "admin", says: "makes keys and reads the audit as well" },
];

/** What the operator takes, so that the browser stops there. */
const LONGEST_NAME = 64;

export function keysPages(deps: PageDeps): Hono<PageEnv> {
  const { operator, now, newId } = deps;
  const app = new Hono<PageEnv>();
  app.use("/keys/*", needs(deps, "admin", "keys"));

  const page = async (c: PageContext, fault: string | null): Promise<Response> => {
    const keys = await operator.keys.list();
    if (fault !== null) c.status(400);
    return show(
      c,
      <Page
        title="Keys"
        caller={c.var.caller}
        current="keys"
        flash={flashOf(new URL(c.req.url))}
        styles={["operate.css"]}
      >
        <h1>Keys</h1>
        {keys.length === 0 ? (
          <Empty title="No key yet">
            <p>Give each program and each person a key of their own: it can be revoked without the others.</p>
          </Empty>
        ) : (
          <KeyTable keys={keys} now={now()} />
        )}
        <NewKeyForm once={newId()} fault={fault} />
      </Page>,
    );
  };

  app.get("/keys", (c) => page(c, null));

  app.post("/keys", async (c) => {
    const form = await c.req.formData();
    const name = field(form, "name").trim();
    const role = ROLES.find((one) => one.role === field(form, "role"))?.role;
    const life = LIVES.find(({ days }) => String(days ?? "") === field(form, "days"));
    if (role === undefined || life === undefined) return page(c, "Choose a role and a time.");
    const made = await operator.acts["key.create"](null, by(c, form), { name, role, days: life.days });
    if (made.ok) return show(c, <NewKey caller={c.var.caller} made={made.value} now={now()} />);
    return made.problem.status === 400
      ? page(c, made.problem.detail ?? made.problem.title)
      : refuse(c, "keys", made.problem);
  });

  app.get("/keys/:id/revoke", async (c) => {
    const key = (await operator.keys.list()).find(({ id }) => id === c.req.param("id"));
    if (key === undefined)
      return refuse(c, "keys", { status: 404, title: "No such key", detail: "It is not on the list." });
    return show(c, <Revoke caller={c.var.caller} of={key} once={newId()} now={now()} />);
  });

  app.post("/keys/:id/revoke", async (c) => {
    const revoked = await operator.acts["key.revoke"](c.req.param("id"), by(c, await c.req.formData()));
    return revoked.ok ? done(c, "/keys", "revoked") : refuse(c, "keys", revoked.problem);
  });
  return app;
}

const SIGNS = { live: "delivered", expired: "none", revoked: "failed" } as const;

function KeyTable({ keys, now }: { readonly keys: readonly ApiKey[]; readonly now: number }) {
  return (
    <div class="list">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Role</th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
            <th scope="col">Created</th>
            <th scope="col">
              <span class="unseen">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr>
              <th scope="row" class="what">
                <Foreign text={key.name} /> <code>hlk_{key.id}_…</code>
              </th>
              <td data-label="State">
                <StateBadge state={SIGNS[key.state]} label={key.state} />
              </td>
              <td data-label="Role">{key.role}</td>
              <td data-label="Last used">
                {key.last_used_at === null ? <span class="none">never</span> : <When at={key.last_used_at} now={now} />}
              </td>
              <td data-label="Expires">
                {key.expires_at === null ? <span class="none">never</span> : <When at={key.expires_at} now={now} />}
              </td>
              <td data-label="Made">
                <When at={key.created_at} now={now} />{" "}
                <span class="note">
                  by <Foreign text={key.created_by} />
                </span>
              </td>
              <td>
                {key.state === "live" ? (
                  <a href={`/keys/${key.id}/revoke`}>
                    Revoke<span class="unseen"> {key.name}</span>
                  </a>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NewKeyForm({ once, fault }: { readonly once: string; readonly fault: string | null }) {
  return (
    <section aria-labelledby="new">
      <h2 id="new">A new key</h2>
      <form method="post" action="/keys" class="card newkey">
        <input type="hidden" name="once" value={once} />
        {fault === null ? null : (
          <p class="fault" id="key-fault" role="alert">
            {fault}
          </p>
        )}
        <div class="field">
          <label for="key-name">Name</label>
          <input
            id="key-name"
            name="name"
            required
            maxlength={LONGEST_NAME}
            autocomplete="off"
            aria-describedby={fault === null ? "key-hint" : "key-fault key-hint"}
          />
          <p class="note" id="key-hint">
            The person or program that uses it, as the audit log will name it. Letters, digits and <code>. _ @ -</code>
          </p>
        </div>
        <fieldset>
          <legend>Role</legend>
          {ROLES.map(({ role, says }, n) => (
            <label class="choice">
              <input type="radio" name="role" value={role} checked={n === 0} /> <b>{role}</b> {says}
            </label>
          ))}
        </fieldset>
        <div class="field">
          <label for="key-days">Expires after</label>
          <select id="key-days" name="days">
            {LIVES.map(({ days, label }) => (
              <option value={String(days ?? "")} selected={days === 90}>
                {label}
              </option>
            ))}
          </select>
        </div>
        <button type="submit" class="primary">
          Create the key
        </button>
      </form>
    </section>
  );
}

interface NewKeyProps {
  readonly caller: Caller;
  readonly made: NewApiKey;
  readonly now: number;
}

function NewKey({ caller, made: { key, secret }, now }: NewKeyProps) {
  return (
    <Page title="A new key" caller={caller} current="keys" scripts={["copy.js"]} styles={["past.css", "operate.css"]}>
      <p class="trail">
        <a href="/keys">Keys</a>
      </p>
      <h1>
        The key of <Foreign text={key.name} />
      </h1>
      <p class="warn">This is the only time that it is shown. Take it now and keep it where secrets are kept.</p>
      <Copyable text={secret} label="key" />
      <KeyFacts of={key} now={now} />
    </Page>
  );
}

function KeyFacts({ of: key, now }: { readonly of: ApiKey; readonly now: number }) {
  return (
    <div class="card">
      <Facts
        rows={[
          ["Role", key.role],
          ["Made by", <Foreign text={key.created_by} />],
          ["Expires", key.expires_at === null ? "never" : <When at={key.expires_at} now={now} />],
          ["Last used", key.last_used_at === null ? "never" : <When at={key.last_used_at} now={now} />],
        ]}
      />
    </div>
  );
}

interface RevokeProps {
  readonly caller: Caller;
  readonly of: ApiKey;
  readonly once: string;
  readonly now: number;
}

function Revoke({ caller, of: key, once, now }: RevokeProps) {
  return (
    <Page title="Revoke a key" caller={caller} current="keys" styles={["operate.css"]}>
      <p class="trail">
        <a href="/keys">Keys</a>
      </p>
      <h1>
        Revoke <Foreign text={key.name} />?
      </h1>
      <p class="lead">
        The relay refuses this key from now on, and signs out every browser that signed in with it. An open page may get
        live rows for 15 more minutes. You cannot restore a key.
      </p>
      <KeyFacts of={key} now={now} />
      <div class="actions after">
        <Post action={`/keys/${key.id}/revoke`} label="Revoke this key" once={once} kind="danger" />
        <a class="button" href="/keys">
          Keep it
        </a>
      </div>
    </Page>
  );
}
