// What a schema finds wrong, in the words of the configuration and the API: never in zod's own. Pure.
import type * as z from "zod/mini";
import { show, suggest } from "./findings.ts";

/** What zod calls a type: what people call it, and how it is written. */
const TYPES: Readonly<Record<string, readonly [what: string, how: string]>> = {
  string: ["text", "text in quotes"],
  number: ["a number", "a number, without quotes"],
  int: ["a whole number", "a whole number, without quotes"],
  boolean: ["true or false", "true or false, without quotes"],
  array: ["a list", 'a list, as in ["one", "two"]'],
  object: ["a table", 'a table, as in { key = "value" }'],
  record: ["a table", 'a table, as in { key = "value" }'],
};

const LOOK = "Look at docs/samples/every-key.toml and docs/own-provider.md for how it is written";

/**
 * The message of an issue for which the schema has none of its own. It goes on from the value ("is not text. Write …")
 * and ends in the fix. Of several unknown keys, each has a line.
 */
export function words(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type": {
      const [what, how] = TYPES[issue.expected] ?? ["of the right kind", "another"];
      return `${issue.input === undefined ? "is missing" : `is not ${what}`}. Write ${how}`;
    }
    case "invalid_value":
      return oneOf(issue.values.map(String), issue.input);
    case "too_small":
      return tooSmall(issue);
    case "too_big":
      return `is too ${issue.origin === "number" ? "large" : "long"}. Write ${issue.maximum} ${unit(issue.origin)}at most`;
    case "invalid_format":
      return issue.format === "url" ? 'is not an https URL. Write it as "https://…"' : `has another form. ${LOOK}`;
    case "invalid_key":
      return `has the key ${show(issue.input)}, which ${issue.issues[0]?.message ?? `may not stand here. ${LOOK}`}`;
    case "unrecognized_keys": {
      const known = namesOf(issue.inst);
      return issue.keys.map((key) => `is unknown here.${suggest(key, known)}`).join("\n");
    }
    case "invalid_union":
    case "invalid_element":
    case "not_multiple_of":
    case "custom":
      return `is not understood. ${LOOK}`;
  }
}

function oneOf(values: readonly string[], input: unknown): string {
  const [only = ""] = values;
  if (values.length === 1) return `is not ${only}. Write ${only}`;
  const state = input === undefined ? "is missing" : `is not one of ${values.join(", ")}`;
  return `${state}.${typeof input === "string" ? nearest(input, values) : ` Write one of ${values.join(", ")}`}`;
}

function nearest(input: string, values: readonly string[]): string {
  const hint = suggest(input, values);
  return hint.startsWith(" Did you mean") ? hint : " Write one of them";
}

function tooSmall({
  origin,
  minimum,
  inclusive,
}: z.core.$ZodIssueTooSmall | z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall>): string {
  if (origin === "number")
    return `is too small. Write a number ${inclusive === false ? "above" : "from"} ${minimum}${inclusive === false ? "" : " on"}`;
  if (minimum === 1) return "is empty. Write something, or leave the key out";
  return `is too short. Write ${minimum} ${unit(origin)}at least`;
}

function unit(origin: string): string {
  return origin === "string" ? "characters " : origin === "array" ? "entries " : "";
}

/** The keys that a table may have. */
function namesOf(schema: unknown): string[] {
  const shape = ["def", "shape"].reduce<unknown>(
    (value, step) => (typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined),
    schema,
  );
  return typeof shape === "object" && shape !== null ? Object.keys(shape) : [];
}
