// The style sheet and the scripts of the pages, under names that change with their contents,
// so that browsers may keep them for good.
import { Hono } from "hono";
import uplotStyle from "uplot/dist/uPlot.min.css";
import uplot from "uplot/dist/uPlot.iife.min.js";
import copy from "./browser/copy.client.js";
import keys from "./browser/keys.client.js";
import live from "./browser/live.client.js";
import overview from "./browser/overview.client.js";
import rows from "./browser/rows.client.js";
import story from "./browser/story.client.js";
import icon from "./style/icon.svg";
import renew from "./browser/renew.client.js";
import inspectorStyle from "./style/inspector.css";
import operateStyle from "./style/operate.css";
import overviewStyle from "./style/overview.css";
import pastStyle from "./style/past.css";
import routesStyle from "./style/routes.css";
import style from "./style/style.css";
import { fnv1a } from "../ids.ts";

const FILES = {
  "style.css": style,
  "past.css": pastStyle,
  "inspector.css": inspectorStyle,
  "operate.css": operateStyle,
  "overview.css": overviewStyle,
  "routes.css": routesStyle,
  "icon.svg": icon,
  "copy.js": copy,
  "keys.js": keys,
  "live.js": live,
  "overview.js": overview,
  "renew.js": renew,
  "rows.js": rows,
  "story.js": story,
  "uplot.css": uplotStyle,
  // A script of its own leaves its variable to the others, whichever kind of script they are.
  "uplot.js": `${uplot}globalThis.uPlot = uPlot;`,
};

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

export type Asset = keyof typeof FILES;

/** Name in the URL → what it holds. */
const byPath = new Map(Object.entries(FILES).map(([name, text]) => [hashed(name, text), { name, text }]));
const paths = new Map([...byPath].map(([path, { name }]) => [name, path]));

/** Where a page finds it. */
export function assetPath(name: Asset): string {
  return `/assets/${paths.get(name) ?? name}`;
}

/** Serves them to everybody: they are the same for all relays of this version and hold nothing of any. */
export function assets(): Hono {
  const app = new Hono();
  app.get("/:name", (c) => {
    const found = byPath.get(c.req.param("name"));
    if (found === undefined) return c.notFound();
    return c.body(found.text, 200, {
      "content-type": TYPES[found.name.slice(found.name.lastIndexOf("."))] ?? "text/plain",
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
    });
  });
  return app;
}

/** `style.css` → `style.1k2j3h4.css`. */
function hashed(name: string, text: string): string {
  return name.replace(/\.(?=[a-z]+$)/, `.${fnv1a(text).toString(36)}.`);
}
