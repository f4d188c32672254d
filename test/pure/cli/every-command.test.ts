// What holds for all commands: whatever the API does they do, what cannot be meant is said as text or as JSON with the
// next step, and no name leads anywhere but to what it names.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { ROUTES } from "../../../src/api/routes.ts";
import { everyVerb, hookline } from "../../../src/cli/hookline.ts";
import { COMMANDS, inCommands } from "../../../src/cli/relay/operations.ts";

const { verbs } = await everyVerb();
/** Those that ask a relay: the others have no line in the overview of their own. */
const REMOTE = [...verbs].filter(([, verb]) => "summary" in verb);

beforeEach(() => {
  vi.stubEnv("HOOKLINE_URL", "http://relay.test");
  vi.stubEnv("HOOKLINE_KEY", "hlk_key");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** What a command line prints, and its exit code. */
async function run(args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await hookline(args, { out: (line) => void out.push(line), err: (line) => void err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** A relay that answers everything in one way, or in another; gives what it was asked. */
function relay(answer: (asked: string) => Response): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (input: URL, init: RequestInit = {}) => {
    asked.push(`${init.method ?? "GET"} ${input.pathname.slice("/api".length)}`);
    return await Promise.resolve(answer(asked.at(-1) ?? ""));
  });
  return asked;
}

const nothing = () => Response.json({ title: "Not Found", detail: "there is no such thing" }, { status: 404 });

/** The operation that a request is, by the table of routes. */
function operationOf(request: string): string | undefined {
  const [method, path = ""] = request.split(" ");
  const parts = path.split("/");
  const fits = (pattern: readonly string[]) =>
    pattern.length === parts.length &&
    pattern.every((part, n) => (part.startsWith(":") ? parts[n] : part) === parts[n]);
  return Object.keys(ROUTES)
    .toSorted((a, b) => Number(a.includes(":")) - Number(b.includes(":")))
    .find((key) => key.startsWith(`${method} `) && fits(key.slice(key.indexOf(" ") + 1).split("/")));
}

/** As a shell splits a line without quotation marks. */
const words = (line: string) => line.split(" ");
const refusal = z.strictObject({ error: z.string().min(10) });

test("has a command for everything that the API does", () => {
  expect(Object.keys(COMMANDS).toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  expect(Object.entries(COMMANDS).flatMap(([operation, command]) => (command === null ? [operation] : []))).toEqual([
    "GET /openapi.json",
    "GET /reference",
  ]);
});

const folder = mkdtempSync(join(tmpdir(), "hookline-"));
const file = join(folder, "body");
writeFileSync(file, "{}");
/** An example with its files where they may be written, without quotation marks and what a shell does. */
const inFolder = (example: string) =>
  [
    ...example
      .split(" > ", 1)
      .join("")
      .matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g),
  ].map(([, single, double, bare]) =>
    (single ?? double ?? bare ?? "").replace(/^\S+\.(?:ndjson|json)$/, join(folder, "none", "missing")),
  );

/** Two are not asked for by `fetch`, or for events that are too large to be written here. */
const ELSEWHERE = new Set(["GET /live", "POST /import", "POST /import/parts"]);
const ASKED = Object.entries(COMMANDS).flatMap(([operation, command]) =>
  command === null || ELSEWHERE.has(operation) ? [] : [[operation, command] as const],
);

test.each(ASKED)("%s is what hookline %s asks for", async (operation, command) => {
  const asked = relay((request) =>
    request === "GET /sources" && operation.endsWith("/gaps")
      ? Response.json({ sources: [{ name: "NAME", gaps: { looked_at: null } }] })
      : nothing(),
  );
  const { code } = await run(words(command.replaceAll("FILE", file)));
  expect([code, asked.map(operationOf)]).toEqual([1, expect.arrayContaining([operation])]);
});

test("has an option for everything that the API's lists can be asked for", () => {
  /** By another name, or as a flag. */
  const named: Readonly<Record<string, string>> = {
    routing: "unrouted",
    "alerts.state": "open",
    "export.archived": "archived",
  };
  /** Pages of an export are as large as the relay makes them. */
  const without = new Set(["export.limit"]);
  const missing = Object.entries(ROUTES).flatMap(([operation, { query }]) => {
    const [name = ""] = words(COMMANDS[operation] ?? "");
    if (query === undefined || name === "") return [];
    const options = Object.keys(verbs.get(name)?.options ?? {});
    return Object.keys(query.shape)
      .map((parameter) => [`${name}.${parameter}`, named[`${name}.${parameter}`] ?? named[parameter] ?? parameter])
      .filter(([key = "", option = ""]) => !options.includes(option) && !without.has(key))
      .map(([key]) => key);
  });
  expect(missing).toEqual([]);
});

/** Command lines that cannot be meant, of every command. */
const WRONG = [...verbs].flatMap(([name, { names, optional = 0 }]) => {
  const tooMany = [name].concat(Array.from({ length: names + optional + 1 }, () => "x"));
  return [[name, "--no-such-option"], tooMany].concat(names > 0 ? [[name]] : []);
});

test.each([
  ...WRONG,
  ["no-such-command"],
  ["completion", "cmd"],
  ["replays", "show"],
  ["erasures", "confirm"],
  ["keys", "revoke"],
])("%s %s: says what to write instead, as text and as JSON, and ends with 2", async (...args) => {
  const asked = relay(nothing);
  const text = await run(args);
  expect([text.code, text.out]).toEqual([2, ""]);
  expect(text.err).toMatch(/hookline|--help/);
  expect(text.err).not.toContain("    at ");
  const json = await run([...args, "--json"]);
  expect([json.code, json.err]).toEqual([2, ""]);
  expect(refusal.parse(JSON.parse(json.out)).error.split("\n")[0]).toBe(text.err.split("\n")[0]);
  expect(asked).toEqual([]);
});

const EXAMPLES = REMOTE.flatMap(([, { examples }]) => examples);

test.each(EXAMPLES)("%s: without a relay it says which one is asked, as text and as JSON", async (example) => {
  vi.unstubAllEnvs();
  const args = inFolder(example).filter((word) => word !== "--json");
  const { code, out } = await run([...args, "--json"]);
  expect(code).toBeGreaterThan(0);
  expect(refusal.parse(JSON.parse(out)).error).toMatch(/HOOKLINE_URL|cannot be|hookline/);
});

const BROKEN = [
  ["a page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
  ["nothing that it knows", () => Response.json({})],
  ["a list", () => Response.json([])],
  ["null", () => Response.json(null)],
  ["a fault", () => new Response("oh", { status: 500 })],
] as const;
/** They go on by themselves until somebody ends them, or write a file. */
const ENDLESS = new Set(["tail", "listen", "export"]);

test.each(BROKEN)("no command breaks at a relay that answers %s", async (_, answer) => {
  relay(answer);
  for (const [name, { examples }] of REMOTE) {
    if (ENDLESS.has(name)) continue;
    const [example = ""] = examples;
    const { code, out } = await run([...inFolder(example), "--json"]);
    expect([0, 1], name).toContain(code);
    expect(() => void JSON.parse(out), `${name}: ${out}`).not.toThrow();
  }
});

const HOSTILE = ["../keys", "a/b", "a?b=c", "#", "%2e%2e", "\u001b[31m", "$&", "a b", "\u0000", "ключ"];

test.each(HOSTILE)("the name %j leads nowhere but to what it names", async (hostile) => {
  for (const [name, { names }] of REMOTE) {
    const asked = relay(nothing);
    if (names === 0) continue;
    await run(
      [name, hostile, "--to", "x", "--body", file, "--reset", "--data", "{}"].slice(0, name === "edit" ? 6 : 2),
    );
    for (const request of asked) {
      const operation = operationOf(request);
      expect(operation, `${name}: ${request}`).toBeDefined();
      if (operation?.includes(":") === true) expect(request, name).toContain(encodeURIComponent(hostile));
    }
  }
  const { err } = await run(["event", hostile]);
  // oxlint-disable-next-line no-control-regex -- nothing that moves a terminal
  expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

test.each(["", ".", ".."])("%j names nothing, and nothing is asked", async (name) => {
  const asked = relay(nothing);
  for (const line of [["event"], ["pause"], ["sources"], ["keys", "revoke"], ["replay"], ["refusals"]])
    expect((await run([...line, name])).code, line.join(" ")).toBe(2);
  expect(asked).toEqual([]);
});

test("what is sent as a number is one", async () => {
  for (const [name, { options }] of verbs)
    for (const [option, { value, form }] of Object.entries(options))
      if (value === "N" && option !== "hours") expect(form, `${name} --${option}`).toBeDefined();
  const asked = relay(nothing);
  for (const line of [
    "keys create x --days soon",
    "keys create x --days 0",
    "events --limit all",
    "replays start --yes --rate -1",
  ])
    expect(await run(words(line)), line).toMatchObject({ code: 2, err: expect.stringContaining("It takes") });
  expect(asked).toEqual([]);
});

test("listen takes a condition that is one, and says so before it asks anybody", async () => {
  const asked = relay(nothing);
  expect(await run(["listen", "3000", "--when", "body.("])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^--when is no condition: .*docs\/filters\.md: hookline listen --help$/),
  });
  expect(await run(["listen", "no-port"])).toMatchObject({ code: 2 });
  expect(asked).toEqual([]);
});

test("what takes long is waited for aloud, once somebody sees it", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  vi.stubGlobal("fetch", async () => await promise);
  const said: string[] = [];
  const terminal = {
    out: () => {},
    err: () => {},
    progress: (line: string) => {
      said.push(line);
      resolve(Response.json({ sources: [] }));
    },
  };
  expect(await hookline(["sources"], terminal)).toBe(0);
  expect(said).toEqual(["waiting for relay.test to answer"]);
});

test.each([
  ["ftp://relay.test", "hlk_key", "must begin with https://"],
  ["localhost:8787", "hlk_key", "must begin with https://"],
  ["https://a:b@relay.test", "hlk_key", "leave them out"],
  ["http://relay.test", "ключ", "copy it again"],
  ["http://relay.test", "two\nlines", "copy it again"],
])("HOOKLINE_URL=%s HOOKLINE_KEY=%j: says what is wrong with it", async (url, key, says) => {
  vi.stubEnv("HOOKLINE_URL", url);
  vi.stubEnv("HOOKLINE_KEY", key);
  expect(await run(["events"])).toMatchObject({ code: 1, err: expect.stringContaining(says) });
});

test("the relay's hints are told as commands", () => {
  expect(inCommands('there is no event "x": GET /api/events lists them')).toBe(
    'there is no event "x": hookline events lists them',
  );
  expect(inCommands("see GET /api/openapi.json.")).toBe("see GET /api/openapi.json.");
});

test("help stands behind a command as before it, and the version is told", async () => {
  expect((await run(["help", "events"])).out).toBe((await run(["events", "--help"])).out);
  expect((await run(["--version"])).out).toMatch(/^hookline \d+\.\d+\.\d+/);
});
