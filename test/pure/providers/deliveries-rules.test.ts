// Rules over the senders that list their deliveries: a sender that is added later has to obey them too.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { working } from "../../kit/working-config.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/gaps.md"), "utf8");
const senders = providerIds().flatMap((id) => {
  const deliveries = findProvider(id)?.deliveries;
  return deliveries === undefined ? [] : [{ id, deliveries }];
});
/** The rows of the page's table: the sender, what is written as `at`, and the document. */
const rows = [...page.matchAll(/^\| `([\w-]+)` +\| (.+?) +\| .+\]\((https:[^)]+)\) +\|$/gm)].map(
  ([, id = "", at = "", document = ""]) => ({ id, at, document }),
);

const byId = (one: { id: string }, two: { id: string }) => one.id.localeCompare(two.id);

test("the page lists exactly the senders that have a list, each with the address of its document", () => {
  expect(rows.map(({ id, document }) => ({ id, document })).toSorted(byId)).toEqual(
    senders.map(({ id, deliveries }) => ({ id, document: deliveries.by.split(" ")[0] })).toSorted(byId),
  );
});

test.each(senders)("$id: what is shown as an example is taken, and says where the page says", ({ id, deliveries }) => {
  const at = deliveries.example.replaceAll("…", "1");
  const config = readConfig({
    ...working,
    API_KEY: "key",
    SOURCES: { a: { provider: id, gaps: { at, headers: { authorization: "Bearer $API_KEY" } } } },
  });
  expect(config.findings.filter(({ key }) => key.includes("gaps"))).toEqual([]);
  expect(config.sources.get("a")?.gaps).toBeDefined();
  const row = rows.find((one) => one.id === id);
  expect(row?.at).toMatch(deliveries.at === undefined ? /^`https:/ : /^known/);
  if (deliveries.at === undefined || row?.at !== "known") expect(row?.at).toContain(`\`${deliveries.example}\``);
});
