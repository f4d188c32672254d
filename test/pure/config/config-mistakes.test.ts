// Mistakes made up for every key of every-key.toml: what is said names the key, shows the value (a secret's never) and says how to fix it, in the relay's own words.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { type Table, table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { show } from "../../../src/config/findings.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { providerSchema } from "../../../src/scheme/scheme.ts";

const file = parse(readFileSync(new URL("../../../docs/samples/every-key.toml", import.meta.url), "utf8"));
const vars = table(file["vars"]);

/** A sentence that says what to do. */
const FIX =
  /(?:^|[.,:;] |\? )(?:Write|Put|Name|Leave|Use|Make|Copy|Add|Move|Keep|Look|Add|Remove|Only `npm)|[Ll]eave it out|Did you mean .+\?|There (?:are|is only) .+\.|come nearest\./;
/** How zod speaks, and how nobody speaks to an operator. */
const ZOD = /invalid|expected|received|too (?:small|big):|unrecognized|required|input\b|undefined|\[object|NaN|schema/i;

/** Every place of the vars: where it is, and what stands there. */
function* places(value: unknown, path: readonly string[]): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    yield [...path, key];
    yield* places(inner, [...path, key]);
  }
}

/** The same with one place changed: `change` gets what stands there and the table around it. */
function changed(
  value: Table,
  path: readonly string[],
  change: (entries: [string, unknown][], key: string) => [string, unknown][],
): Table {
  const [key = "", ...rest] = path;
  if (rest.length === 0) return Object.fromEntries(change(Object.entries(value), key));
  return { ...value, [key]: changed(table(value[key]), rest, change) };
}

const set = (path: readonly string[], to: unknown) =>
  changed(vars, path, (entries, key) => entries.map(([name, value]) => [name, name === key ? to : value]));
const renamed = (path: readonly string[], to: string) =>
  changed(vars, path, (entries, key) => entries.map(([name, value]) => [name === key ? to : name, value]));

const all = [...places(vars, [])];
const findingsOf = (changedVars: Table) => {
  const { frame, vars: found } = examine({ ...file, vars: changedVars });
  return [...frame, ...found];
};

/** What a sentence must be, whoever reads it. */
function judge(says: string, about: string): void {
  expect(says, about).toMatch(FIX);
  expect(says.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'), about).not.toMatch(ZOD);
}

const WRONG: readonly unknown[] = [
  { wrong: 1 },
  [{ wrong: 1 }],
  [],
  "",
  " ",
  "wröng value",
  -1,
  0.5,
  99_999_999_999,
  true,
  false,
  [7],
  ["wröng value"],
  "x".repeat(9_000),
];

/** Where one of the above is right after all: free text, a number or a boolean that is read as text, an empty list that means none, `true` or `false` itself. */
const RIGHT =
  /^(?:ACCESS\.(?:operators|admins)|ALERTS\.mute|LOG_SUCCESS|OTEL_(?:RESOURCE_ATTRIBUTES|SERVICE_NAME)|.*\.settings\.(?:header|prefix|timestamp|type|id)|.*\.provider\.(?:name|type|id)|.*\.(?:retry(?:\.[a-z_]+)?|inspect|tunnel|events|enabled|breaker|encrypt|redact)|.*\.(?:headers|query|members)(?:\..*)?)$/;

/** A rule that is judged as one value, whatever is wrong inside: the whole of it is shown. */
const WHOLE = /\.(?:dedupe|breaker|retry)\./;
/** What a destination sends besides: whatever its receiver asks for. */
const SENT = /\.(?:headers|query|members)\./;
/** Transforms by version. */
const VERSIONS = /\.transform\./;
const keyOf = (path: readonly string[]) => path.slice(0, WHOLE.test(path.join(".")) ? -1 : path.length).join(".");

/** What is found of one of the above in this place. Reading all of it takes some 10 ms, and two tests ask. */
const read = new Map<string, ReturnType<typeof findingsOf>>();
function foundAt(path: readonly string[], wrong: unknown): ReturnType<typeof findingsOf> {
  const key = JSON.stringify([path, wrong]);
  const found = read.get(key) ?? findingsOf(set(path, wrong));
  read.set(key, found);
  return found;
}

describe.each(all.map((path) => [path.join("."), path] as const))("%s", (name, path) => {
  test("another value is said with its key, the value and the fix, or is taken", () => {
    for (const wrong of WRONG) {
      const findings = foundAt(path, wrong).filter(({ level }) => level === "error");
      const own = findings.filter(
        ({ key }) => key === name || key.startsWith(`${name}.`) || name.startsWith(`${key}.`),
      );
      for (const { key, says } of findings) judge(says, `${key}: ${says}`);
      // A table where none belongs is nothing that could be meant.
      if (typeof wrong === "object" && !Array.isArray(wrong)) expect(own, show(wrong)).not.toEqual([]);
      for (const { key, says } of own) {
        const secret = /secret|\.keys?$|_KEY|\.(?:headers|query|members)\./i.test(key);
        const shown =
          says.includes(show(wrong)) ||
          [wrong].flat().some((one) => says.includes(show(one))) ||
          /^1 is (?:not a table|no (?:transform|date))/.test(says) ||
          (WHOLE.test(name) && says.startsWith("{"));
        const speaks =
          /is missing|names no|is unknown|is needed|must go|stands outside|holds \d+ bytes|is not a (?:source|destination)|is for an inspector|step 1|ends before/.test(
            says,
          );
        expect(secret || shown || speaks, `${key}: ${says}`).toBe(true);
      }
    }
  });

  test("misspelt, it is said under the name that was written", () => {
    const last = path.at(-1) ?? "";
    const slip = `${last.slice(0, 1)}${last.slice(2)}x`;
    const findings = findingsOf(renamed(path, slip)).filter(({ level }) => level === "error");
    for (const { key, says } of findings) judge(says, `${key}: ${says}`);
    // Names of sources, destinations and routes are the user's own: those are said where they are used.
    // So are the names of headers and parameters, and of versions.
    const free =
      (path.length === 2 && /^(?:SOURCES|DESTINATIONS|ROUTES)/.test(name)) || SENT.test(name) || VERSIONS.test(name);
    if (!free) expect(findings.map(({ key }) => key)).toContain(keyOf([...path.slice(0, -1), slip]));
  });

  test("an unknown key beside it is said", () => {
    if ((path.length < 3 && !/^(?:ACCESS|ALERTS)\./.test(name)) || SENT.test(name)) return;
    const findings = findingsOf(
      changed(vars, path, (entries) => [...entries, ["hunter", WHOLE.test(name) ? 2 : "hunter2"]]),
    );
    const key = keyOf([...path.slice(0, -1), "hunter"]);
    const said = findings.find((one) => one.key === key);
    expect(said, key).toBeDefined();
    judge(said?.says ?? "", key);
    // What stands there is an expression, and its mistake is shown.
    if (!VERSIONS.test(name)) expect(said?.says).not.toContain("hunter2");
  });
});

test("a secret in the place of its name, of its form or of a setting is never repeated", () => {
  for (const path of all.filter((one) => /secret|token|key/i.test(one.at(-1) ?? ""))) {
    for (const slip of ["whsec_hunter2hunter2", ["whsec_hunter2hunter2"]])
      expect(JSON.stringify(findingsOf(set(path, slip))), path.join(".")).not.toContain("hunter2");
  }
  const provider = { name: "Acme", algorithm: "hmac-sha256", signature: { at: "header:X" }, secret: "hunter2" };
  const sources = [
    { provider },
    { provider: "hmac", settings: { header: "X", secret: "hunter2" } },
    { provider: "github", secret: "hunter2" },
  ];
  for (const source of sources) {
    const { findings } = readConfig({ SOURCES: { acme: source } });
    expect(findings).not.toEqual([]);
    expect(JSON.stringify(findings)).not.toContain("hunter2");
  }
});

test("each field of a sender's description, and each of its members, with each wrong value", () => {
  const start = { name: "Acme", algorithm: "hmac-sha256", signature: { at: "header:X-Acme" } };
  const samples: Table[] = providerIds().flatMap((id) => findProvider(id) ?? []);
  let said = 0;
  for (const field of Object.keys(providerSchema.shape)) {
    const sample = samples.find((one) => one[field] !== undefined)?.[field];
    const inner = typeof sample === "object" && sample !== null && !Array.isArray(sample) ? Object.keys(sample) : [];
    const within = (name: string, wrong: unknown) => Object.assign({ ...table(sample) }, { [name]: wrong });
    const tries = WRONG.flatMap((wrong) => [wrong, ...inner.map((name) => within(name, wrong))]);
    for (const value of [...tries, { ...table(sample), hunter: 1 }]) {
      const { findings } = readConfig({ SOURCES: { acme: { provider: { ...start, [field]: value } } } });
      for (const { key, says } of findings) {
        said += 1;
        expect(key).toMatch(/^SOURCES\.acme\.(?:provider|settings)/);
        judge(says, `${key}: ${says}`);
      }
    }
  }
  expect(said).toBeGreaterThan(200);
});

test("what is taken without a word is short: everything else that was made up above is an error", () => {
  const taken = all.flatMap((path) =>
    WRONG.filter((wrong) => foundAt(path, wrong).every(({ level }) => level === "warning")).map(() => path.join(".")),
  );
  expect([...new Set(taken)].filter((name) => !RIGHT.test(name))).toEqual([]);
});
