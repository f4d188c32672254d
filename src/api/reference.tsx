// The API as a page to read: every route with who may, what it takes and what it answers.
// From the table, so that it is never old.
import type { Context } from "hono";
import { html } from "hono/html";
import { Page } from "../dashboard/parts/layout.tsx";
import type { ApiEnv } from "./env.ts";
import { openApi, type Operation } from "./openapi.ts";

/** As strict as the dashboard's, and without scripts. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

export function reference(c: Context<ApiEnv>) {
  const { origin } = new URL(c.req.url);
  const { info, paths } = openApi();
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? "");
  c.header("content-security-policy", POLICY);
  return c.html(
    html`<!doctype html>${(
        <Page title="API" caller={c.var.caller} current={null}>
          <h1>API</h1>
          {info.description.split("\n").map((line) => (
            <p>{line}</p>
          ))}
          <p>
            Give an API key with every request. The whole of it as a document:{" "}
            <a href="/api/openapi.json">openapi.json</a>.
          </p>
          <pre>
            <code>{`curl -H "Authorization: Bearer $HOOKLINE_KEY" ${origin}/api/events?limit=5`}</code>
          </pre>
          {[...groups].map(([name, routes]) => (
            <section aria-labelledby={name}>
              <h2 id={name}>{name}</h2>
              {routes.map((one) => (
                <Route {...one} />
              ))}
            </section>
          ))}
        </Page>
      )}`,
  );
}

function Route({ method, path, operation }: { method: string; path: string; operation: Operation }) {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  return (
    <article aria-labelledby={operationId}>
      <h3 id={operationId}>
        <code>
          {method} {path}
        </code>
      </h3>
      <p>
        {summary} {description}
      </p>
      {parameters.length === 0 ? null : (
        <ul>
          {parameters.map(({ name, in: where, required, schema }) => (
            <li>
              <code>{name}</code> in the {where}
              {required ? "" : ", optional"}: <code>{JSON.stringify(schema)}</code>
            </li>
          ))}
        </ul>
      )}
      <Schema title="Takes" value={requestBody?.content} />
      <Schema title="Answers" value={responses[200]?.content} />
    </article>
  );
}

function Schema({ title, value }: { title: string; value: object | undefined }) {
  if (value === undefined) return null;
  return (
    <details>
      <summary>{title}</summary>
      <pre>
        <code>{JSON.stringify(value, null, 2)}</code>
      </pre>
    </details>
  );
}
