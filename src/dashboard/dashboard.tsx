// The pages: who may see them, under which rules a browser shows them, and which room has which.
// What they show comes from the operator.
import { Hono } from "hono";
import { assets } from "./assets.ts";
import { alertsPages } from "./pages/alerts.tsx";
import { archivePages } from "./pages/archive.tsx";
import { auditPages } from "./pages/audit.tsx";
import { costsPages } from "./pages/costs.tsx";
import { destinationsPages } from "./pages/destinations.tsx";
import { erasuresPages } from "./pages/erasures.tsx";
import { eventPages } from "./pages/event.tsx";
import { eventsPages } from "./pages/events.tsx";
import { deliveriesPages } from "./pages/deliveries.tsx";
import { inspectorPages } from "./pages/inspector.tsx";
import { forms } from "./forms.ts";
import { keysPages } from "./pages/keys.tsx";
import { overviewPages } from "./pages/overview.tsx";
import { Page } from "./parts/layout.tsx";
import { type PageDeps, type PageEnv, refuse, show } from "./page.tsx";
import { replaysPages } from "./pages/replays.tsx";
import { routesPages } from "./pages/routes.tsx";
import { frontDoor, signedIn } from "./pages/signin.tsx";
import { tryPages } from "./pages/try.tsx";
import { sourcesPages } from "./pages/sources.tsx";

export type DashboardDeps = PageDeps;

/** Nothing but the relay's own files, no inline script or style, no frame around it, and forms that stay here. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** First parts of the paths behind the door. */
const ROOMS = [
  "events",
  "archive",
  "erasures",
  "deliveries",
  "sources",
  "destinations",
  "routes",
  "alerts",
  "costs",
  "inspect",
  "replays",
  "keys",
  "audit",
];

const GROUPS = [
  overviewPages,
  eventsPages,
  eventPages,
  archivePages,
  erasuresPages,
  deliveriesPages,
  sourcesPages,
  destinationsPages,
  routesPages,
  tryPages,
  alertsPages,
  costsPages,
  inspectorPages,
  replaysPages,
  keysPages,
  auditPages,
];

/** Every page, at `/`. */
export function dashboard(deps: DashboardDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.route("/assets", assets());
  app.use(async (c, next) => {
    await next();
    c.header("content-security-policy", POLICY);
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    c.header("referrer-policy", "no-referrer");
    c.header("cross-origin-opener-policy", "same-origin");
    c.header("cross-origin-resource-policy", "same-origin");
  });
  app.route("/", frontDoor(deps));
  for (const room of ROOMS) app.use(`/${room}/*`, signedIn(deps), forms(deps));
  for (const pages of GROUPS) app.route("/", pages(deps));
  for (const room of ROOMS) {
    app.all(`/${room}/*`, (c) =>
      refuse(c, null, { status: 404, title: "Not here", detail: "There is no page at this address." }),
    );
  }
  app.onError((error, c) => {
    // Ours, so the log gets all of it, and the page says where to look.
    deps.log.error("page.failed", { path: new URL(c.req.url).pathname.slice(0, 200), error: String(error) });
    c.status(500);
    return show(
      c,
      <Page title="This did not work" caller={null} current={null}>
        <h1>This did not work</h1>
        <p class="lead">
          The fault is the relay's own, and its log says more, under <code>page.failed</code>. Try again in a minute;
          what providers send is taken in the meantime.
        </p>
        <p>
          <a class="button" href={c.req.path}>
            Try again
          </a>
        </p>
      </Page>,
    );
  });
  return app;
}
