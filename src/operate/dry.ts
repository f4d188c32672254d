// What would the transforms and conditions of the routes make of an event, or other ones? Nothing is stored or sent.
import type * as z from "zod/mini";
import type { Config, Route } from "../config/configured.ts";
import type { dryOrder, TriedDry } from "../contract/routing.ts";
import { readWhen } from "../filter/when.ts";
import type { Names } from "../filter/condition.ts";
import { withKept } from "../in/hydrated.ts";
import { readTransform } from "../transform/read.ts";
import type { Transform } from "../transform/transform.ts";
import { again, type Given, neverCame } from "./asked.ts";
import type { Acts, Done, VerbDeps } from "./operator.ts";
import { badRequest, noEvent, quoted } from "./refuse.ts";

type Order = z.output<typeof dryOrder>;
type Deps = Pick<VerbDeps, "tables" | "now"> & { readonly config: Pick<Config, "sources" | "routes"> };
/** The names that expressions read, and what was fetched for the event, which transforms read as well. */
interface Read {
  readonly names: Names;
  readonly object: string | null;
}

type Dried = TriedDry["tried"][number];

/** Of the body as it came, in characters: the page shows it beside what becomes of it. */
const SHOWN = 256 * 1024;

export function openDry({ config, tables: { records }, now }: Deps): Pick<Acts, "transforms.try"> {
  const given = async (order: Order): Promise<Done<Given & { readonly event: string | null }>> => {
    if (order.event === null) {
      if (order.source === null) return badRequest("event: is missing: name one, or a source and a body");
      const made = neverCame({ ...order, source: order.source }, config, now());
      return made.ok ? { ok: true, value: { ...made.value, event: null } } : made;
    }
    const row = await records.event(order.event);
    if (row === null) return noEvent(order.event);
    return { ok: true, value: { ...(await again(row, records, config, true)), event: row.id } };
  };
  return {
    async "transforms.try"(_, _by, order) {
      const found = await given(order);
      if (!found.ok) return found;
      const { asked, type, body, event, object } = found.value;
      const read = { names: asked.names, object };
      const tried = own(order) ? written(order, read) : configured(order.route, asked.source, read, config);
      if (!("ok" in tried)) {
        const before = new TextDecoder().decode(body).slice(0, SHOWN);
        return { ok: true, value: { event, source: asked.source, type, before, tried } };
      }
      return tried;
    },
  };
}

function own({ transform, when }: Order): boolean {
  return transform !== null || when !== null;
}

/** The expressions of the order. One that cannot be read is its fault, in the words of the configuration's check. */
function written({ transform, when }: Order, read: Read): Dried[] | Extract<Done<never>, { ok: false }> {
  const condition = when === null ? null : readWhen(when);
  if (condition?.ok === false) return badRequest(`when: ${condition.fault}`);
  const remake = transform === null ? null : readTransform(transform);
  if (remake?.ok === false) return badRequest(`transform: ${remake.fault}`);
  return [dried(null, null, condition?.when, remake?.transform ?? null, read)];
}

/** Those of the routes, in file order; of each as many as it has transforms. */
function configured(
  named: string | null,
  source: string,
  read: Read,
  { routes }: Deps["config"],
): Dried[] | Extract<Done<never>, { ok: false }> {
  if (named !== null && routes.every(({ name }) => name !== named))
    return badRequest(`route: the configuration has no route ${quoted(named)}: GET /api/routes lists them`);
  const asked = routes.filter(({ name, from }) => (named === null ? from.includes(source) : name === named));
  return asked.flatMap(({ name, when, transform }) => {
    const all: [string | null, Transform | null][] =
      transform === undefined ? [[null, null]] : [[null, transform.otherwise], ...Object.entries(transform.versions)];
    return all
      .filter(([version, one]) => version !== null || one !== null || transform === undefined)
      .map(([version, one]) => dried(name, version, when, one, read));
  });
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
