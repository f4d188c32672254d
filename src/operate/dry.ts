// What would the transforms and conditions of the routes, or other ones, make of an event, or of many?
// Nothing is stored or sent.
import type * as z from "zod/mini";
import type { Config, Route } from "../config/configured.ts";
import type { DriedMany, dryOrder, TriedDry } from "../contract/routing.ts";
import type { WholeEventRow } from "../d1/rows.ts";
import { readWhen } from "../filter/when.ts";
import type { Names } from "../filter/condition.ts";
import { sourceOf } from "../in/again.ts";
import { withKept } from "../in/hydrated.ts";
import { readTransform } from "../transform/read.ts";
import type { Transform } from "../transform/transform.ts";
import { iso } from "../time.ts";
import { again, type Given, neverCame } from "./asked.ts";
import type { Acts, Done, VerbDeps } from "./operator.ts";
import { badRequest, noBody, noEvent, quoted } from "./refuse.ts";

type Order = z.output<typeof dryOrder>;
type Expressions = Pick<Order, "route" | "transform" | "when">;
type Deps = Pick<VerbDeps, "tables" | "now"> & { readonly config: Pick<Config, "sources" | "routes"> };
/** The names that expressions read, and what was fetched for the event, which transforms read as well. */
interface Read {
  readonly names: Names;
  readonly object: string | null;
}

type Dried = TriedDry["tried"][number];

/** Of the body as it came, in characters: the page shows it beside what becomes of it. */
const SHOWN = 256 * 1024;

/** Of each body of many, in characters. */
const SHOWN_OF_MANY = 16 * 1024;

export function openDry({
  config,
  tables: { records },
  now,
}: Deps): Pick<Acts, "transforms.try" | "transforms.try-stored"> {
  const given = async (order: Order): Promise<Done<Given & { readonly event: string | null }>> => {
    if (order.event === null) {
      if (order.source === null) return badRequest("event: is missing: name one, or a source and a body");
      const made = neverCame({ ...order, source: order.source }, config, now());
      return made.ok ? { ok: true, value: { ...made.value, event: null } } : made;
    }
    const row = await records.event(order.event);
    if (row === null) return noEvent(order.event);
    const gone = noBody(row);
    if (gone !== null) return gone;
    return { ok: true, value: { ...(await again(row, records, config, true)), event: row.id } };
  };
  return {
    async "transforms.try"(_, _by, order) {
      const found = await given(order);
      if (!found.ok) return found;
      const { asked, type, body, event, object } = found.value;
      const tries = trying(order, asked.source, config);
      if (!tries.ok) return tries;
      const before = new TextDecoder().decode(body).slice(0, SHOWN);
      const tried = tries.value({ names: asked.names, object });
      return { ok: true, value: { event, source: asked.source, type, before, tried } };
    },

    async "transforms.try-stored"(_, _by, order) {
      const { source, type, since, until, last } = order;
      if (sourceOf(source, config.sources) === undefined)
        return badRequest(`source: the configuration has no source ${quoted(source)}: GET /api/sources lists them`);
      const tries = trying(order, source, config);
      if (!tries.ok) return tries;
      const walk = await records.events({ source, type, since, until, text: null, routing: null }, null, last);
      const events: DriedMany["events"] = [];
      // One after the other: what is done with one body is freed before the next.
      for (const { id } of walk.rows) {
        const row = await records.event(id);
        if (row !== null) events.push(await oneOfMany(row, tries.value));
      }
      return { ok: true, value: { source, events, complete: walk.next === null } };
    },
  };

  async function oneOfMany(row: WholeEventRow, tries: Tries): Promise<DriedMany["events"][number]> {
    const { id: event, source, type, receivedAt } = row;
    const of = { event, source, type, received_at: iso(receivedAt) };
    const gone = noBody(row);
    if (gone !== null) return { ...of, before: "", tried: [], cut: false, skipped: "its body is gone" };
    // Its parts would take more queries than there are for all.
    if (row.body === null)
      return { ...of, before: "", tried: [], cut: true, skipped: "its body is large: try it alone" };
    const { asked, body, object } = await again(row, records, config, true);
    const before = new TextDecoder().decode(body);
    const tried = tries({ names: asked.names, object });
    const cut = [before, ...tried.map(({ after }) => after ?? "")].some(({ length }) => length > SHOWN_OF_MANY);
    const short = tried.map((one) => Object.assign(one, { after: one.after?.slice(0, SHOWN_OF_MANY) ?? null }));
    return { ...of, before: before.slice(0, SHOWN_OF_MANY), tried: short, cut, skipped: null };
  }
}

/** What expressions make of one event. */
type Tries = (read: Read) => Dried[];

/** The expressions that an order is about: its own, or those of the routes. */
function trying(order: Expressions, source: string, config: Deps["config"]): Done<Tries> {
  return own(order) ? written(order) : configured(order.route, source, config);
}

function own({ transform, when }: Expressions): boolean {
  return transform !== null || when !== null;
}

/** The expressions of the order. One that cannot be read is its fault, in the words of the configuration's check. */
function written({ transform, when }: Expressions): Done<Tries> {
  const condition = when === null ? null : readWhen(when);
  if (condition?.ok === false) return badRequest(`when: ${condition.fault}`);
  const remake = transform === null ? null : readTransform(transform);
  if (remake?.ok === false) return badRequest(`transform: ${remake.fault}`);
  return { ok: true, value: (read) => [dried(null, null, condition?.when, remake?.transform ?? null, read)] };
}

/** Those of the routes, in file order; of each as many as it has transforms. */
function configured(named: string | null, source: string, { routes }: Deps["config"]): Done<Tries> {
  if (named !== null && routes.every(({ name }) => name !== named))
    return badRequest(`route: the configuration has no route ${quoted(named)}: GET /api/routes lists them`);
  const asked = routes.filter(({ name, from }) => (named === null ? from.includes(source) : name === named));
  const each = asked.flatMap(({ name, when, transform }) => {
    const all: [string | null, Transform | null][] =
      transform === undefined ? [[null, null]] : [[null, transform.otherwise], ...Object.entries(transform.versions)];
    return all
      .filter(([version, one]) => version !== null || one !== null || transform === undefined)
      .map(([version, one]) => ({ name, version, when, one }));
  });
  return {
    ok: true,
    value: (read) => each.map(({ name, version, when, one }) => dried(name, version, when, one, read)),
  };
}

function dried(
  route: string | null,
  version: string | null,
  when: Route["when"],
  transform: Transform | null,
  read: Read,
): Dried {
  const { names, object } = read;
  const decided = when?.decide(names);
  const made = transform?.apply(withKept(names, object));
  return {
    route,
    version,
    when: when?.text ?? null,
    wanted: decided?.ok === true ? decided.wanted : null,
    undecided: decided?.ok === false ? decided.error : null,
    reads: when?.reads(names) ?? [],
    transform: transform?.text ?? null,
    after: made?.ok === true ? made.body : null,
    content_type: made?.ok === true ? (made.kind === "json" ? "application/json" : "text/plain; charset=utf-8") : null,
    error: made?.ok === false ? made.error : null,
  };
}
