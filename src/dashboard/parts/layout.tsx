// The frame of every page: head, navigation, who is signed in, and where the page's own content goes.
import type { Child } from "hono/jsx";
import type { Caller } from "../../contract/access.ts";
import { type Asset, assetPath } from "../assets.ts";

/** Section → its name in the navigation, and the role that may see it. */
const SECTIONS = [
  { id: "overview", label: "Overview", href: "/", admin: false },
  { id: "events", label: "Events", href: "/events", admin: false },
  { id: "deliveries", label: "Deliveries", href: "/deliveries", admin: false },
  { id: "sources", label: "Sources", href: "/sources", admin: false },
  { id: "destinations", label: "Destinations", href: "/destinations", admin: false },
  { id: "routes", label: "Routes", href: "/routes", admin: false },
  { id: "alerts", label: "Alerts", href: "/alerts", admin: false },
  { id: "replays", label: "Replays", href: "/replays", admin: false },
  { id: "costs", label: "Costs", href: "/costs", admin: false },
  { id: "keys", label: "Keys", href: "/keys", admin: true },
  { id: "audit", label: "Audit", href: "/audit", admin: true },
] as const;

/** `inspect` belongs to the destinations and has no place of its own in the navigation. */
export type Section = (typeof SECTIONS)[number]["id"] | "inspect";

interface PageProps {
  readonly title: string;
  /** `null` on the pages for strangers. */
  readonly caller: Caller | null;
  readonly current: Section | null;
  /** What was just done, from `flashOf`. */
  readonly flash?: string | null;
  readonly scripts?: readonly Asset[];
  readonly styles?: readonly Asset[];
  readonly children?: Child;
}

/** One page. `show` in page.tsx puts the doctype before it. */
export function Page({ title, caller, current, flash = null, scripts = [], styles = [], children }: PageProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{title === "Hookline" ? title : `${title} · Hookline`}</title>
        <link rel="icon" type="image/svg+xml" href={assetPath("icon.svg")} />
        {(["style.css", ...styles] as const).map((name) => (
          <link rel="stylesheet" href={assetPath(name)} />
        ))}
        {scripts.map((name) => (
          <script src={assetPath(name)} defer />
        ))}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Header caller={caller} current={current === "inspect" ? "destinations" : current} />
        <main id="main" tabindex={-1}>
          {flash === null ? null : (
            <p class="flash" role="status">
              {flash}
            </p>
          )}
          {children}
        </main>
        {caller === null ? null : (
          <footer>
            <a href="/api/reference">API reference</a>
          </footer>
        )}
      </body>
    </html>
  );
}

function Header({ caller, current }: { readonly caller: Caller | null; readonly current: string | null }) {
  return (
    <header class="top">
      <a class="brand" href="/">
        <Mark />
        Hookline
      </a>
      {caller === null ? null : (
        <>
          <nav aria-label="Sections">
            <ul>
              {SECTIONS.filter(({ admin }) => !admin || caller.role === "admin").map(({ id, label, href }) => (
                <li>
                  <a href={href} aria-current={id === current ? "page" : undefined}>
                    {label}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div class="who">
            <span class="actor" title={`${caller.actor}, ${caller.role}`}>
              <bdi>{caller.actor}</bdi>
              {caller.actor === caller.role ? null : <span class="role"> {caller.role}</span>}
            </span>
            {caller.how === "session" ? (
              <form method="post" action="/signout">
                <button class="quiet" type="submit">
                  Sign out
                </button>
              </form>
            ) : null}
          </div>
        </>
      )}
    </header>
  );
}

/** A hook on a line. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path
        d="M2 5h16M12 5v8a4 4 0 0 1-8 0v-2"
        fill="none"
        stroke="currentColor"
        stroke-width="2"
        stroke-linecap="round"
      />
      <circle cx="12" cy="5" r="2.2" fill="currentColor" />
    </svg>
  );
}
