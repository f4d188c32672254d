// In which shape a destination gets events, as people read it: a row for each thing that it asks for. Pure.
import type { DestinationAnswer } from "../../contract/operations.ts";
import { bytes } from "./words.ts";

type Shape = NonNullable<DestinationAnswer["shape"]>;

/** What it asks for, each with its name; nothing for a destination that asks for nothing. */
export function shapeInWords(shape: Shape | undefined): readonly (readonly [name: string, value: string])[] {
  if (shape === undefined) return [];
  const {
    method,
    format,
    public_keys: keys,
    headers,
    query,
    members = {},
    gzip_above: above,
    timeout_s: timeout,
    unset,
  } = shape;
  const rows: (readonly [string, string | null])[] = [
    ["Method", method === "POST" ? null : method],
    ["Format", format === "standard" ? null : format],
    ["Public key", keys.join(" ")],
    ["Headers", pairs(headers, ": ", "; ")],
    ["Query", pairs(query, "=", "&")],
    ["Members of the body", pairs(members, ": ", "; ")],
    ["Gzip", above === null ? null : `bodies above ${bytes(above)}`],
    ["Timeout", timeout === null ? null : `${timeout} s`],
    ["Not set", unset.length === 0 ? null : `${unset.join(", ")}: nothing is sent until it is`],
  ];
  return rows.flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, value] as const]));
}

function pairs(given: Readonly<Record<string, string>>, between: string, join: string): string {
  return Object.entries(given)
    .map(([name, value]) => `${name}${between}${value}`)
    .join(join);
}

/** All of it in one line. */
export function shapeInALine(shape: Shape | undefined): string {
  return shapeInWords(shape)
    .map(([name, value]) => `${name}: ${value}`)
    .join(" | ");
}
