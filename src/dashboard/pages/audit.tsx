// `/audit`: who did what, and when, for admins. Newest first; nothing in it can be changed.
import { Hono } from "hono";
import type { AuditEntry } from "../../contract/access.ts";
import { actionInWords, detailInWords } from "../words/audit.ts";
import { Page } from "../parts/layout.tsx";
import { needs, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Empty, Exactly, Foreign, Pager } from "../parts/parts.tsx";

export function auditPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/audit", needs(deps, "admin", "audit"), async (c) => {
    const url = new URL(c.req.url);
    const found = await deps.operator.keys.audit(url.searchParams.get("cursor"));
    if (!found.ok) return refuse(c, "audit", found.problem);
    const { entries, next } = found.value;
    return show(
      c,
      <Page title="Audit" caller={c.var.caller} current="audit" styles={["operate.css"]}>
        <h1>Audit</h1>
        {entries.length === 0 ? (
          <Empty title="No changes yet">
            <p>Every replay, pause, key and sign-in is listed here.</p>
          </Empty>
        ) : (
          <Entries entries={entries} />
        )}
        <Pager url={url} next={next} complete />
      </Page>,
    );
  });
  return app;
}

function Entries({ entries }: { readonly entries: readonly AuditEntry[] }) {
  return (
    <div class="list">
      <table class="stacked audit">
        <thead>
          <tr>
            <th scope="col">When (UTC)</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">To what</th>
            <th scope="col">With</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ at, actor, action, target, detail }) => (
            <tr>
              <td data-label="When">
                <Exactly at={at} />
              </td>
              <td data-label="Who">
                <Foreign text={actor} />
              </td>
              <td data-label="What">
                <Foreign text={actionInWords(action)} />
              </td>
              <td data-label="To what">
                <Foreign text={target} />
              </td>
              <td data-label="With">
                {detail === null ? <span class="none">–</span> : <Foreign text={detailInWords(detail)} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
