// Which part of the past a list shows: the form, and the question behind it. Both lists have the same one.
import type { Config } from "../../config/configured.ts";
import { ownSource } from "../words/alerts.ts";
import { visible } from "../words/words.ts";

/** Presets of time: what they are called, and how far they reach back, in ms. */
const SPANS = {
  "15m": { label: "last 15 minutes", ms: 900_000 },
  "1h": { label: "last hour", ms: 3_600_000 },
  "24h": { label: "last 24 hours", ms: 86_400_000 },
  "7d": { label: "last 7 days", ms: 604_800_000 },
} as const;

const STATES = [
  ["failed", "failed"],
  ["pending", "waiting"],
  ["delivering", "sending"],
  ["held", "held"],
  ["delivered", "delivered"],
] as const;

const ROUTINGS = [
  ["unrouted", "goes nowhere"],
  ["undecided", "not decided"],
] as const;

/** What only deliveries have. */
export const OF_DELIVERIES = ["state", "destination"] as const;

const EVENT = /^(evt_[0-9a-f]{32})(?::[a-z0-9_-]+)?$/;

/**
 * Where the form leads: to an event whose id was put into it, to the list that has what it asks for, or to an address
 * without its empty fields. `null`: stay.
 */
export function redirection(url: URL): string | null {
  const query = new URLSearchParams(url.searchParams);
  const event = EVENT.exec((query.get("text") ?? "").trim())?.[1];
  if (event !== undefined) return `/events/${event}`;
  for (const name of new Set(query.keys())) if ((query.get(name) ?? "").trim() === "") query.delete(name);
  const asksForDeliveries = OF_DELIVERIES.some((name) => query.has(name));
  // Events have texts and routes that decide, and deliveries have states and destinations.
  const path = query.has("text") || query.has("routing") ? "/events" : asksForDeliveries ? "/deliveries" : url.pathname;
  if (path === url.pathname && query.size === url.searchParams.size) return null;
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** The parameters of the API that the form's fields come to. @param now in ms */
export function parametersOf(url: URL, now: number, without: readonly string[]): URLSearchParams {
  const query = new URLSearchParams(url.searchParams);
  for (const name of ["done", "n", ...without]) query.delete(name);
  const last = query.get("last");
  query.delete("last");
  if (last !== null && isSpan(last)) query.set("since", new Date(now - SPANS[last].ms).toISOString());
  for (const name of ["since", "until"]) {
    const value = query.get(name);
    // What a browser's field for a date and a time gives has no zone: the form says that it is UTC.
    if (value !== null && /T\d\d:\d\d(:\d\d)?$/.test(value)) query.set(name, `${value}Z`);
  }
  return query;
}

function isSpan(text: string): text is keyof typeof SPANS {
  return Object.hasOwn(SPANS, text);
}

interface FiltersProps {
  readonly url: URL;
  readonly config: Pick<Config, "sources" | "disabled" | "destinations" | "routes">;
  /** Whether events can be searched by what their bodies say. */
  readonly text: boolean;
}

export function Filters({ url, config, text }: FiltersProps) {
  const value = (name: string) => url.searchParams.get(name) ?? "";
  const dated = value("since") !== "" || value("until") !== "";
  const used = [...url.searchParams.keys()].filter((name) => !["cursor", "done", "n", "limit"].includes(name));
  return (
    <search>
      <form class="filters" method="get" action={url.pathname}>
        <label class="wide">
          <span>{text ? "Event id, or text in the body" : "Event id"}</span>
          <input
            type="search"
            name="text"
            value={value("text")}
            placeholder={text ? "evt_… or any text" : "evt_…"}
            maxlength={200}
            autocomplete="off"
            spellcheck={false}
            data-search
          />
        </label>
        <details class="more" open={used.some((name) => name !== "text" && name !== "state")}>
          <summary>Filter</summary>
          <div class="fields">
            <Select
              name="source"
              label="Source"
              value={value("source")}
              options={[
                ...names(config.sources, config.disabled),
                ...ownSource(config).map((own) => [own, own] as const),
              ]}
            />
            <label>
              <span>Type</span>
              <input
                name="type"
                value={value("type")}
                placeholder="any"
                maxlength={200}
                autocomplete="off"
                spellcheck={false}
              />
            </label>
            <Select
              name="destination"
              label="Destination"
              value={value("destination")}
              options={names(config.destinations)}
            />
            <Select name="state" label="State" value={value("state")} options={STATES} />
            <Select name="routing" label="Routing" value={value("routing")} options={ROUTINGS} />
            <Select
              name="last"
              label="Time"
              value={value("last")}
              options={Object.entries(SPANS).map(([name, { label }]) => [name, label] as const)}
            />
            <details class="range-of" open={dated}>
              <summary>From and to</summary>
              <div class="range">
                <Moment name="since" label="From (UTC)" value={value("since")} />
                <Moment name="until" label="To (UTC)" value={value("until")} />
              </div>
            </details>
          </div>
        </details>
        <div class="submit">
          <button type="submit" class="primary">
            Show
          </button>
          {used.length > 0 ? (
            <a class="button quiet" href={url.pathname}>
              Clear
            </a>
          ) : null}
        </div>
      </form>
    </search>
  );
}

function names(...maps: readonly ReadonlyMap<string, unknown>[]): (readonly [string, string])[] {
  return maps.flatMap((map) => [...map.keys()].map((name) => [name, name] as const));
}

interface SelectProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
}

/** What is asked for stays to be seen, even where it is no longer in the configuration. */
function Select({ name, label, value, options }: SelectProps) {
  const known = value === "" || options.some(([one]) => one === value);
  return (
    <label>
      <span>{label}</span>
      <select name={name}>
        <option value="">any</option>
        {known ? null : (
          <option value={value} selected>
            {visible(value)}
          </option>
        )}
        {options.map(([one, words]) => (
          <option value={one} selected={one === value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function Moment({ name, label, value }: { readonly name: string; readonly label: string; readonly value: string }) {
  const local = /^\d{4}-\d\d-\d\d(T\d\d:\d\d)?/.exec(value)?.[0] ?? "";
  return (
    <label>
      <span>{label}</span>
      <input type="datetime-local" name={name} value={local.length === 10 ? `${local}T00:00` : local} />
    </label>
  );
}
