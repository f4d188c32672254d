// What the plan meters, as people read it: names, amounts, and how near a limit is. Pure.
import type { Meter } from "../../contract/prices.ts";
import type { Use } from "../../contract/use.ts";
import { number, span } from "./words.ts";

type MeterAnswer = Use["meters"][number];
type Database = NonNullable<Use["database"]>;

const NAMES: Readonly<Record<Meter, string>> = {
  d1_rows_written: "D1 rows written",
  d1_rows_read: "D1 rows read",
  d1_bytes: "D1 size",
  object_requests: "Object requests",
  object_gb_s: "Object time, GB-s",
  object_rows_written: "Object rows written",
  object_rows_read: "Object rows read",
  queue_operations: "Queue operations",
  worker_requests: "Worker requests",
  worker_cpu_ms: "Worker CPU time, ms",
  log_lines: "Log lines",
  log_bytes: "Log size",
};

/** As the plans count. */
const MB = 1_000_000;
/** From this share on a limit is near. */
const NEAR = 0.8;

export function meterName({ name }: Pick<MeterAnswer, "name">): string {
  return NAMES[name];
}

/** `93,412`, `about 5,210`, `341 MB`: the plans count a MB as a million bytes. */
export function amount({ name, estimated }: Pick<MeterAnswer, "name" | "estimated">, n: number | null): string {
  if (n === null) return "not known";
  const text = name.endsWith("_bytes") ? `${number(Math.round(n / MB))} MB` : number(Math.round(n));
  return estimated ? `about ${text}` : text;
}

/** The limit, or that there is none: the paid plan bills what it does not stop. */
export function limitInWords({ name, limit }: MeterAnswer): string {
  return limit === null ? "none" : amount({ name, estimated: false }, limit);
}

/** In words and as a share; the share is `null` where there is no limit or no count. */
export function nearness({ used, limit, reached }: MeterAnswer): { share: number | null; word: string } {
  const share = used === null || limit === null ? null : used / limit;
  if (reached) return { share, word: "reached" };
  return { share, word: share === null ? "" : share >= NEAR ? "near" : "" };
}

function size(n: number): string {
  return amount({ name: "d1_bytes", estimated: false }, n);
}

/** What the database holds of what it may, how it grows, and when it is full at that pace. */
export function sizeInWords({ used, limit, growth_a_day: aDay, over_s: over, full_on: full }: Database): string {
  const holds = `D1 holds ${size(used)}${limit === null ? "" : ` of ${size(limit)}`}`;
  if (aDay === null || over === null) return `${holds}. How fast it grows is known after an hour`;
  if (aDay <= 0) return `${holds}, and has not grown in the last ${span(over * 1000)}`;
  const grows = aDay < MB ? "less than 1 MB" : size(aDay);
  const until = full === null ? "is not full for ten years" : `is full on ${full}`;
  return `${holds}, has grown by ${grows} a day in the last ${span(over * 1000)}, and ${until} at that pace`;
}
