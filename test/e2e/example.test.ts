// Does the support desk do what its page says? The example as a user runs it, in a process of its own.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { node, root } from "../kit/whole-relay.ts";

const answer = z.object({
  ok: z.boolean(),
  beyond: z.number(),
  opens: z.array(z.object({ service: z.string(), from: z.number(), until: z.number() })),
  systems: z.array(
    z.object({
      service: z.string(),
      wanted: z.number(),
      done: z.number(),
      twice: z.number(),
      late: z.number(),
      refused: z.number(),
    }),
  ),
});

test("five systems have every report exactly once and in order, though one is down, one slow and one loses an answer", async () => {
  const out = await new Promise<string>((resolve, reject) => {
    execFile(node, [join(root, "docs/examples/support-desk/desk.ts"), "--json"], (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${stdout}\n${stderr}`)),
    );
  });
  const { ok, beyond, opens, systems } = answer.parse(JSON.parse(out));
  expect(ok).toBe(true);
  // Without its rate and concurrency some thirty requests come too soon. One may, where the machine holds up another.
  expect(beyond).toBeLessThanOrEqual(3);
  expect(systems.map(({ service, wanted, done, twice, late }) => [service, wanted, done, twice, late])).toEqual([
    ["crm", 18, 18, 0, 0],
    ["tickets", 6, 6, 0, 0],
    ["chat", 12, 12, 0, 0],
    ["context", 18, 18, 0, 0],
    ["audit", 18, 18, 0, 0],
  ]);
  // What the page tells of: failures before the breaker opened, and the answer that was lost.
  const refused = new Map(systems.map((one) => [one.service, one.refused]));
  expect(refused.get("crm")).toBeGreaterThanOrEqual(5);
  expect(refused.get("tickets")).toBe(1);
  expect(opens.map(({ service }) => service)).toEqual(["crm"]);
  expect(readFileSync(join(root, ".hookline/support-desk.svg"), "utf8")).toContain("</svg>");
});
