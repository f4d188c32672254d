// What a receiver asks for inside the body, such as a credential: added to the document that is sent. Pure.
import { parsedStrictly } from "../bytes/json.ts";
import { Unproducible } from "./as.ts";

/**
 * The object with these members behind its own, which stay as they are, byte for byte.
 *
 * @throws `Unproducible` where the body is no object, or has a member of that name: which of two counts would be the
 * receiver's guess
 */
export function withMembers(body: Uint8Array, members: Readonly<Record<string, string>>): Uint8Array {
  const text = decoded(body).trimEnd();
  const given = objectIn(text);
  if (given === null) throw new Unproducible("the body is no JSON object, and members are added to nothing else");
  const twice = Object.keys(members).find((name) => Object.hasOwn(given, name));
  if (twice !== undefined) throw new Unproducible(`the body has a member ${twice} of its own`);
  const added = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const comma = Object.keys(given).length === 0 ? "" : ",";
  return new TextEncoder().encode(`${text.slice(0, -1)}${comma}${added.join(",")}}`);
}

function decoded(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return "";
  }
}

function objectIn(text: string): object | null {
  const value = parsedStrictly(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}
