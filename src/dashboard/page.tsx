// What every page is given, and what every page does first: who asks, may they, and which answer leads where.
import type { Context, MiddlewareHandler } from "hono";
import { html } from "hono/html";
import type { Access } from "../access/access.ts";
import type { Caller, Role } from "../contract/access.ts";
import type { Config } from "../config/configured.ts";
import type { Problem } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Operator } from "../operate/open.ts";
import type { By } from "../operate/operator.ts";
import type { BodyReader } from "../in/read.ts";
import type { FlashCode } from "./words/flash.ts";
import { Page, type Section } from "./parts/layout.tsx";

export interface PageDeps {
  readonly operator: Operator;
  readonly access: Access;
  readonly config: Config;
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Log;
  /** Whether one more attempt to sign in from this address is admitted. */
  readonly floodGuard: (address: string) => Promise<boolean>;
  readonly bodies: BodyReader;
}

export interface PageEnv {
  Variables: { caller: Caller };
}
export type PageContext = Context<PageEnv>;

/** Lets through whoever has the role; the others are told which one it takes. */
export function needs(deps: Pick<PageDeps, "access">, role: Role, section: Section | null): MiddlewareHandler<PageEnv> {
  return async function needsRole(c, next) {
    if (deps.access.allows(c.var.caller, role)) return next();
    return refuse(c, section, {
      status: 403,
      title: "Not with this role",
      detail: `This takes the role ${role}; you are signed in as ${c.var.caller.role}.`,
    });
  };
}

/** Who asks, and the key that makes a form that is sent twice do its work once. */
export function by(c: PageContext, form: FormData): By {
  const key = form.get("once");
  return { caller: c.var.caller, key: typeof key === "string" && /^[0-9a-f]{32}$/.test(key) ? key : null };
}

/** A field of a form as text; empty where it is missing or a file. */
export function field(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

/** Back to a page, which says what was done. `path` is one of the dashboard's own. */
export function done(c: Context, path: string, code: FlashCode, count?: number): Response {
  const query = new URLSearchParams({ done: code, ...(count === undefined ? {} : { n: String(count) }) });
  return c.redirect(`${path}?${query.toString()}`, 303);
}

/** A page that says why not. */
export function refuse(c: PageContext, section: Section | null, { status, title, detail }: Problem): Promise<Response> {
  // Whoever may not do something may not see its whole section either, perhaps.
  const back =
    section === null || section === "overview" || section === "inspect" || status === 403 ? "/" : `/${section}`;
  c.status(status === 404 ? 404 : status === 403 ? 403 : status === 409 ? 409 : status >= 500 ? 500 : 400);
  return show(
    c,
    <Page title={title} caller={c.var.caller} current={section}>
      <h1>{title}</h1>
      {detail === undefined ? null : <p class="lead text">{detail}</p>}
      <p>
        <a href={back}>Back</a>
      </p>
    </Page>,
  );
}

/** A whole page as the answer. */
export async function show(c: Context, page: unknown): Promise<Response> {
  return c.html(await html`<!doctype html>${page}`);
}
