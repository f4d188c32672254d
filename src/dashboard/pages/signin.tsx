// The door: who is not signed in sees what the relay still needs and a form, and nothing else of it.
import { Hono, type MiddlewareHandler } from "hono";
import { ambient, embedded } from "../../access/access.ts";
import type { Problem } from "../../errors.ts";
import { flashOf } from "../words/flash.ts";
import { forms } from "../forms.ts";
import { Page } from "../parts/layout.tsx";
import { done, field, type PageContext, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Welcome } from "./welcome.tsx";

/** Largest form that a stranger may send, in bytes: a path and a secret. */
const SIGN_IN_BYTES = 4 * 1024;

/** `/` for strangers, `/signin` and `/signout`. */
export function frontDoor(deps: PageDeps): Hono<PageEnv> {
  const { access, config, log } = deps;
  const app = new Hono<PageEnv>();

  app.get("/", async (c, next) => {
    const caller = await access.identify(c.req.raw);
    if (caller === null) {
      if (cameFromElsewhere(c)) return knockAgain(c);
      return show(c, <Welcome config={config} to="/" flash={flashOf(new URL(c.req.url))} />);
    }
    c.set("caller", caller);
    return embedded(c.req.raw, caller) ? refuse(c, null, EMBEDDED) : next();
  });

  app.get("/signin", (c) => show(c, <Welcome config={config} to={ownPath(c, c.req.query("to") ?? "/")} />));

  const again = (c: PageContext, status: 401 | 403 | 429, fault: string, to = "/") => {
    c.status(status);
    return show(c, <Welcome config={config} to={to} fault={fault} />);
  };

  app.post("/signin", async (c, next) => {
    if (!access.sameOrigin(c.req.raw)) return again(c, 403, "The form was not sent from this page. Try again here.");
    if (await deps.floodGuard(c.req.header("cf-connecting-ip") ?? "")) return next();
    c.header("retry-after", "60");
    return again(c, 429, "Too many attempts from your address. Wait a minute.");
  });

  app.post("/signin", forms(deps, SIGN_IN_BYTES), async (c) => {
    const form = await c.req.formData();
    const to = ownPath(c, field(form, "to"));
    const session = await access.signIn(c.req.raw, field(form, "secret").trim());
    if (session === null) {
      log.warn("signin.refused", { address: c.req.header("cf-connecting-ip") ?? "" });
      return again(c, 401, "This is neither the ADMIN_TOKEN nor a key that is in use.", to);
    }
    c.header("set-cookie", session.cookie);
    return c.redirect(to, 303);
  });

  app.post("/signout", async (c) => {
    if (!access.sameOrigin(c.req.raw)) return c.redirect("/", 303);
    c.header("set-cookie", await access.signOut(c.req.raw));
    return done(c, "/", "signed_out");
  });
  return app;
}

/** Who asks, for every page behind the door; and nothing is done for a form that another site has sent. */
export function signedIn({ access }: Pick<PageDeps, "access">): MiddlewareHandler<PageEnv> {
  return async function signedInOnly(c, next) {
    const looks = c.req.method === "GET" || c.req.method === "HEAD";
    const caller = await access.identify(c.req.raw);
    if (caller === null) {
      if (looks && cameFromElsewhere(c)) return knockAgain(c);
      const { pathname, search } = new URL(c.req.url);
      return c.redirect(`/signin?${new URLSearchParams({ to: looks ? pathname + search : "/" }).toString()}`, 303);
    }
    c.set("caller", caller);
    if (embedded(c.req.raw, caller)) return refuse(c, null, looks ? EMBEDDED : FORGED);
    if (looks || !ambient(caller) || access.sameOrigin(c.req.raw)) return next();
    return refuse(c, null, FORGED);
  };
}

const EMBEDDED: Problem = {
  status: 403,
  title: "Not asked from here",
  detail: "A page of another site asked for this one. Open it here.",
};
const FORGED: Problem = {
  status: 403,
  title: "Not sent from here",
  detail:
    "Another site sent this form, so nothing was done. If it was you: go back to the page here, and send it again.",
};

/**
 * Whether a link on another site led here. Browsers then leave a SameSite=Strict cookie at home, on the first request.
 */
function cameFromElsewhere(c: PageContext): boolean {
  const site = c.req.header("sec-fetch-site");
  return site === "cross-site" || site === "same-site";
}

/**
 * Has the browser ask again from here, and then it brings the cookie: a link in a message of the night opens its event.
 */
function knockAgain(c: PageContext): Promise<Response> {
  c.header("refresh", "0");
  return show(
    c,
    <Page title="Hookline" caller={null} current={null}>
      <p>
        <a href={new URL(c.req.url).pathname}>Open the dashboard</a>
      </p>
    </Page>,
  );
}

/** A path of the dashboard, whatever somebody wrote into a link. */
function ownPath(c: PageContext, to: string): string {
  const here = new URL(c.req.url);
  const url = URL.parse(to, here.origin);
  if (url === null || url.origin !== here.origin || !to.startsWith("/")) return "/";
  // Dots fall away when a path is resolved: `/.//evil.example` has become a host only now.
  return url.pathname.startsWith("//") ? "/" : url.pathname + url.search;
}
