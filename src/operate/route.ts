// Which routes would an event take, and the deliveries that it lacks by them: for one event, and for many.
import type * as z from "zod/mini";
import type { routeOrder, RoutesTried, RouteVerdict, tryOrder } from "../contract/routing.ts";
import type { Config } from "../config/configured.ts";
import { ROUTE, type Routed } from "../d1/deeds/route.ts";
import type { WholeEventRow } from "../d1/rows.ts";
import { NO_KEYS } from "../bytes/vault.ts";
import { deliveryId } from "../ids.ts";
import { type Asked, sourceOf } from "../in/again.ts";
import { again, neverCame } from "./asked.ts";
import { inOrder } from "../in/order.ts";
import { sealUndecided } from "../in/keep.ts";
import { judge, match } from "../in/route.ts";
import { readCursor, writeCursor } from "../contract/question.ts";
import type { Undecided } from "../types.ts";
import { openOnce } from "./once.ts";
import type { Acts, By, Done, Looks, VerbDeps } from "./operator.ts";
import { badRequest, noBody, noEvent, quoted } from "./refuse.ts";

/** Events that one step routes, and bytes of their bodies: the free plan has 50 queries for an invocation. */
const MOST_EVENTS = 25;
const MOST_BYTES = 4 * 1024 * 1024;

type Deps = Omit<VerbDeps, "config"> & { readonly config: Pick<Config, "sources" | "destinations" | "routes"> };
type Filter = z.output<typeof routeOrder>;

/** @see Looks */
export function openTries({ config, tables: { records } }: Pick<Deps, "config" | "tables">): Pick<Looks, "tries"> {
  return {
    async tries(id) {
      const row = await records.event(id);
      if (row === null) return noEvent(id);
      const gone = noBody(row);
      if (gone !== null) return gone;
      const { asked } = await again(row, records, config);
      return { ok: true, value: { event: row.id, source: row.source, type: row.type, routes: explain(asked, config) } };
    },
  };
}

/** Routes an event, or many, by the routes of today; and says where one would go that never came. */
export function openRouting(deps: Deps): Pick<Acts, "route" | "routes.apply" | "routes.try"> {
  const { config, tables, log, vault = NO_KEYS } = deps;
  const { records } = tables;
  const once = openOnce(deps);
  const decide = async (row: WholeEventRow): Promise<{ routed: Routed; undecided: readonly Undecided[] }> => {
    const { source, types, names } = (await again(row, records, config)).asked;
    const { matched: wanted, undecided } = match(config.routes, source, types, names);
    const matched = await inOrder(wanted, names, config.destinations);
    const kept = row.sealed === true ? await sealUndecided(row.id, undecided, vault) : undecided;
    return { routed: { event: row.event, matched, undecided: kept.length === 0 ? null : kept }, undecided };
  };

  return {
    async route({ event: id }, by) {
      const row = await records.event(id);
      if (row === null) return noEvent(id);
      const gone = noBody(row);
      if (gone !== null) return gone;
      const { routed, undecided } = await decide(row);
      const { answer, rung } = await once(ROUTE, row.id, { events: [routed] }, by);
      log.info("route.asked", { target: row.id, opened: rung });
      return {
        ok: true,
        value: {
          routed: answer.filter(({ created }) => created).length,
          deliveries: answer.map(({ event, destination, created, state }) => ({
            id: deliveryId(event, destination),
            created,
            state,
          })),
          undecided: [...undecided],
        },
      };
    },

    "routes.apply": async (_, by, order) => await apply(order, by),
    "routes.try": async (_, _by, order) => await Promise.resolve(tryOut(order, config, deps.now())),
  };

  /** One step: what it routes leaves the list that it goes along, so that whoever was interrupted begins anew. */
  async function apply({ filter, cursor }: Filter, by: By): ReturnType<Acts["routes.apply"]> {
    const after = cursor === null ? null : readCursor("events", cursor);
    if (cursor !== null && after === null) return badRequest('cursor: must be the "next" of an earlier step');
    if (filter.source !== null && sourceOf(filter.source, config.sources) === undefined)
      return badRequest(`filter.source: the configuration has no source ${quoted(filter.source)}`);
    const walk = await records.events({ ...filter, text: null }, after, MOST_EVENTS);
    let bytes = 0;
    const end = walk.rows.findIndex(({ size }, at) => (bytes += size) > MOST_BYTES && at > 0);
    const rows = end === -1 ? walk.rows : walk.rows.slice(0, end);
    const events: Routed[] = [];
    for (const { id } of rows) {
      const row = await records.event(id);
      if (row !== null) events.push((await decide(row)).routed);
    }
    const { answer } = await once(ROUTE, filter.routing, { events }, by);
    const opened = answer.filter(({ created }) => created);
    const last = rows.at(-1);
    const next = end === -1 ? walk.next : last === undefined ? null : { event: last.event, destination: "" };
    log.info("routes.applied", { filter, events: events.length, opened: opened.length });
    return {
      ok: true,
      value: {
        looked: events.length,
        routed: new Set(opened.map(({ event }) => event)).size,
        deliveries: opened.length,
        undecided: events.filter(({ undecided }) => undecided !== null).length,
        next: next === null ? null : writeCursor("events", next),
      },
    };
  }
}

/** Where an event would go that never came. */
function tryOut(order: z.output<typeof tryOrder>, config: Deps["config"], now: number): Done<RoutesTried> {
  const made = neverCame(order, config, now);
  if (!made.ok) return made;
  const { asked, type } = made.value;
  return { ok: true, value: { event: null, source: asked.source, type, routes: explain(asked, config) } };
}

/** What each route says, in file order, and the values that its condition reads. */
function explain({ source, types, names }: Asked, { routes }: Pick<Config, "routes">): RouteVerdict[] {
  const taken = new Map<string, string>();
  return routes.map((route) => {
    const verdict = judge(route, source, types, names);
    const first = route.to.flatMap((to) => taken.get(to) ?? []);
    if (verdict.kind === "taken") for (const to of route.to) if (!taken.has(to)) taken.set(to, route.name);
    const asked = verdict.kind === "when" || verdict.kind === "undecided" || verdict.kind === "taken";
    return {
      route: route.name,
      to: [...route.to],
      verdict: verdict.kind,
      error: verdict.kind === "undecided" ? verdict.error : null,
      from: [...route.from],
      events: [...route.events],
      when: route.when?.text ?? null,
      reads: asked ? (route.when?.reads(names) ?? []) : [],
      already_by: verdict.kind === "taken" ? [...new Set(first)] : [],
    };
  });
}
