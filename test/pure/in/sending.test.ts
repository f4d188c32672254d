// docs/sending.md: its configuration is in order, its request is a message, and what the page says of members is so.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { message } from "../../../src/contract/message.ts";
import { readMessage } from "../../../src/in/message.ts";
import { soleEventId, soleNameOf } from "../../../src/ids.ts";

const page = readFileSync(new URL("../../../docs/sending.md", import.meta.url), "utf8");
const block = (language: string): string => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(page)?.[1] ?? "";

const config = readConfig({
  ...table(parse(block("toml"))["vars"]),
  APP_SECRET: "token",
  SIGNING_KEY: "k".repeat(44),
  DESTINATIONS: { crm: { url: "https://crm.example.com/" } },
});
const app = config.sources.get("app");

/** The request of the page, as curl sends it. */
const [, sent = ""] = /-d '(.*)'$/m.exec(block("sh")) ?? [];
const headers = new Headers(
  [...block("sh").matchAll(/-H "([^:]+): ([^"]+)"/g)].map(([, name = "", value = ""]): [string, string] => [
    name,
    value.replace("$APP_SECRET", "token"),
  ]),
);

test("the configuration is in order, and the request is a message with a name", () => {
  expect(config.findings).toEqual([]);
  if (app === undefined) throw new Error("the page has no source called app");
  const body = new TextEncoder().encode(sent);
  const read = readMessage({ method: "POST", url: "https://hooks.example.com/api/events", headers, body }, app.scheme);
  expect(read).toMatchObject({ field: "idempotency-key" });
});

test("every member is in the table", () => {
  const members = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name = ""]) => name);
  expect(members.toSorted()).toEqual(Object.keys(message.shape).toSorted());
});

test("ids of one name begin alike, and differ by what was sent", async () => {
  const name = { source: "app", rule: "r", key: "k", turn: null };
  const [one, same, other] = [["a"], ["a"], ["b"]].map(async (content) => await soleEventId(name, content));
  expect(await one).toBe(await same);
  expect(await one).not.toBe(await other);
  expect(soleNameOf((await one) ?? "")).toBe(soleNameOf((await other) ?? ""));
  const others = [{ source: "b" }, { rule: "s" }, { key: "l" }, { turn: 1 }].map(async (change) =>
    soleNameOf(await soleEventId({ ...name, ...change }, ["a"])),
  );
  expect(new Set([soleNameOf((await one) ?? ""), ...(await Promise.all(others))]).size).toBe(5);
});
