// Which deliveries a bulk replay opens: from a form to a filter, and from a filter to words.
import { FILTER_FIELDS, REPLAYED_UNLESS_SAID, type ReplayFilter, replayState } from "../../contract/operations.ts";

/** What a form asked for, and what is wrong with which of its fields. */
export interface Wanted {
  readonly filter: ReplayFilter;
  readonly given: Readonly<Record<string, string>>;
  readonly faults: ReadonlyMap<string, string>;
}

const LONGEST = 200;
/** As `datetime-local` writes it, and as an ISO 8601 instant in UTC. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z?$/;

const STATES = [
  ["failed", "failed"],
  ["delivered", "delivered"],
  ["both", "failed and delivered"],
] as const satisfies readonly (readonly [ReplayFilter["state"], string])[];

/** @param read a field as text; an empty one asks for nothing */
export function readFilter(read: (name: string) => string): Wanted {
  const faults = new Map<string, string>();
  const given = Object.fromEntries(FILTER_FIELDS.map((name) => [name, read(name).trim()]));
  const text = (name: string): string | null => {
    const value = given[name] ?? "";
    if (value.length > LONGEST) faults.set(name, `must not be longer than ${LONGEST} characters`);
    return value === "" ? null : value;
  };
  const time = (name: string): string | null => {
    const value = given[name] ?? "";
    if (value === "") return null;
    const at = TIME.test(value) ? Date.parse(value.endsWith("Z") ? value : `${value}Z`) : Number.NaN;
    if (!Number.isNaN(at)) return new Date(at).toISOString();
    faults.set(name, "must be a time in UTC, such as 2026-03-01T09:30");
    return null;
  };
  const state = replayState.safeParse(given["state"] || null);
  if (!state.success) faults.set("state", "must be one of the states of the list");
  const filter: ReplayFilter = {
    source: text("source"),
    type: text("type"),
    destination: text("destination"),
    state: state.data ?? REPLAYED_UNLESS_SAID,
    since: time("since"),
    until: time("until"),
  };
  if (filter.since !== null && filter.until !== null && filter.since >= filter.until)
    faults.set("until", "must be after the beginning");
  return { filter, given, faults };
}

/** `failed, invoice.paid, from stripe, to billing, since 2026-03-01 09:30 UTC`. */
export function filterInWords({ source, type, destination, state, since, until }: ReplayFilter): string {
  return [
    state === "both" ? "failed and delivered" : state,
    ...(type === null ? [] : [type]),
    ...(source === null ? [] : [`from ${source}`]),
    ...(destination === null ? [] : [`to ${destination}`]),
    ...(since === null ? [] : [`since ${minute(since)}`]),
    ...(until === null ? [] : [`before ${minute(until)}`]),
  ].join(", ");
}

function minute(at: string): string {
  return `${at.slice(0, 16).replace("T", " ")} UTC`;
}

/** The filter as fields that nobody sees. */
export function HiddenFilter({ filter }: { readonly filter: ReplayFilter }) {
  return (
    <>
      {Object.entries(filter).map(([name, value]) =>
        value === null ? null : <input type="hidden" name={name} value={value} />,
      )}
    </>
  );
}

interface FormProps {
  readonly names: { readonly sources: readonly string[]; readonly destinations: readonly string[] };
  readonly wanted: Wanted;
}

/** The form asks only: it leads to the preview. */
export function FilterForm({ names, wanted: { given, faults } }: FormProps) {
  return (
    <form method="get" action="/replays/new" class="filter card">
      <div class="field">
        <label for="filter-state">State</label>
        <select id="filter-state" name="state">
          {STATES.map(([state, words]) => (
            <option value={state} selected={state === (given["state"] || REPLAYED_UNLESS_SAID)}>
              {words}
            </option>
          ))}
        </select>
      </div>
      <Choice name="source" label="Source" value={given["source"] ?? ""} every="every source" all={names.sources} />
      <Choice
        name="destination"
        label="Destination"
        value={given["destination"] ?? ""}
        every="every destination"
        all={names.destinations}
      />
      <Text name="type" label="Type" value={given["type"] ?? ""} fault={faults.get("type")} kind="text" />
      <Text
        name="since"
        label="Received since (UTC)"
        value={localTime(given["since"])}
        fault={faults.get("since")}
        kind="datetime-local"
      />
      <Text
        name="until"
        label="Received before (UTC)"
        value={localTime(given["until"])}
        fault={faults.get("until")}
        kind="datetime-local"
      />
      <button type="submit">Preview</button>
    </form>
  );
}

/** What `datetime-local` takes: no zone. */
function localTime(given = ""): string {
  return TIME.test(given) ? given.replace("Z", "").slice(0, 16) : given;
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly every: string;
  readonly all: readonly string[];
}

function Choice({ name, label, value, every, all }: ChoiceProps) {
  const known = value === "" || all.includes(value) ? all : [...all, value];
  return (
    <div class="field">
      <label for={`filter-${name}`}>{label}</label>
      <select id={`filter-${name}`} name={name}>
        <option value="">{every}</option>
        {known.map((one) => (
          <option value={one} selected={one === value}>
            {one}
          </option>
        ))}
      </select>
    </div>
  );
}

interface TextProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly fault: string | undefined;
  readonly kind: "text" | "datetime-local";
}

function Text({ name, label, value, fault, kind }: TextProps) {
  return (
    <div class="field">
      <label for={`filter-${name}`}>{label}</label>
      <input
        id={`filter-${name}`}
        name={name}
        type={kind}
        value={value}
        autocomplete="off"
        aria-describedby={fault === undefined ? undefined : `fault-${name}`}
        aria-invalid={fault === undefined ? undefined : "true"}
      />
      {fault === undefined ? null : (
        <p class="fault" id={`fault-${name}`}>
          {fault}
        </p>
      )}
    </div>
  );
}
