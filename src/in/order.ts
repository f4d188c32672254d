// Which events must not overtake each other? The key of an event at each destination that has an order. Pure.
import { encodeHex } from "../bytes/encoding.ts";
import { REDACTED_TEXT } from "../ids.ts";
import type { Names } from "../filter/condition.ts";
import type { Destination, Match } from "../types.ts";

/** What a key may be made of: everything else is taken for no key at all. */
type Value = string | number | boolean;

/**
 * The same matches, with a key where their destination wants order. An event that lacks what the order goes by has no
 * key: it waits for nobody, and nobody for it.
 *
 * @param destinations those that are configured
 */
export async function inOrder(
  matched: readonly Match[],
  names: Names,
  destinations: ReadonlyMap<string, Pick<Destination, "order">>,
): Promise<readonly Match[]> {
  if (!matched.some(({ destination }) => destinations.get(destination)?.order !== undefined)) return matched;
  return await Promise.all(
    matched.map(async (match) => {
      const order = destinations.get(match.destination)?.order;
      const value = order === undefined ? null : valueAt(order.by, names);
      return order === undefined || value === null ? match : { ...match, order: await keyOf(order.by, value) };
    }),
  );
}

/** A value may be as long as a body, and is nobody's business in an index. */
async function keyOf(by: string, value: Value): Promise<string> {
  // `1` and `"1"` are one key: whoever counts does not mean two.
  const bytes = new TextEncoder().encode(JSON.stringify([by, String(value)]));
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes), 0, 16));
}

function valueAt(path: string, names: Names): Value | null {
  if (path === "source") return names.source;
  const [root, ...parts] = path.split(".");
  let value: unknown = root === "headers" ? names.headers : bodyOf(names);
  for (const part of root === "headers" ? [parts.join(".").toLowerCase()] : parts) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return null;
    value = Reflect.get(value, part);
  }
  // Of a redacted event it would be one order for everybody.
  if (value === REDACTED_TEXT) return null;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

function bodyOf(names: Names): unknown {
  try {
    return names.body;
  } catch {
    // More than is taken apart.
    return null;
  }
}
