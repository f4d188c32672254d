// The command `hookline gaps`: the last look at each sender, and one that is asked for now.
import { expect, test } from "vitest";
import type { SourceAnswer } from "../../../src/contract/overview.ts";
import { overview } from "../../kit/fixture-health.ts";
import { FakeRelay } from "../../kit/fake-relay.ts";

const { sources } = overview(24);
const withGaps = sources.filter(({ gaps }) => gaps !== undefined);
const state: { sources: readonly SourceAnswer[]; asked: boolean; orders: number } = { sources, asked: true, orders: 0 };
const relay = new FakeRelay(({ method }) => {
  if (method !== "POST") return { sources: state.sources };
  state.orders += 1;
  // The look is taken at once.
  state.sources = state.sources.map((one) =>
    one.gaps === undefined
      ? one
      : { ...one, gaps: { ...one.gaps, looked_at: "2026-12-01T00:00:00.000Z", fault: null } },
  );
  return { source: "any", asked: state.asked, looked_at: null };
});

test("each source with gaps has a line, and a source without is told so", async () => {
  expect(withGaps.length).toBeGreaterThan(0);
  const { out, err } = await relay.run("gaps");
  for (const { name } of withGaps) expect(out).toContain(name);
  expect(out.split("\n")).toHaveLength(withGaps.length + 1);
  // What a sender's API has said stays on its line.
  expect(err === "" ? [] : err.split("\n")).toHaveLength(
    withGaps.filter(({ gaps }) => typeof gaps?.fault === "string").length,
  );
  const none = await relay.run("gaps --source nobody");
  expect([none.code, none.err]).toEqual([1, expect.stringContaining("nobody has no gaps")]);
});

test("with --now each of them is asked, the look is waited for, and its answer is what is shown", async () => {
  const [first] = withGaps;
  const { out, code } = await relay.run(`gaps --source ${first?.name} --now --json`);
  expect(code).toBe(0);
  expect(relay.asked.filter(({ method }) => method === "POST").map(({ url }) => url.pathname)).toEqual([
    `/api/sources/${first?.name}/gaps`,
  ]);
  expect(JSON.parse(out)).toMatchObject({ gaps: [{ source: first?.name, looked_at: "2026-12-01T00:00:00.000Z" }] });
});

test("where it is not asked, the command says why and waits for nothing", async () => {
  state.asked = false;
  const { err } = await relay.run("gaps --now");
  expect(err).toContain("not checked, because a check ended less than two minutes ago");
});
