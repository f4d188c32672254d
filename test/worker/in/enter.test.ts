// From the proof to the durable event: what the log says of an acceptance and of its first attempts.
import { expect, test } from "vitest";
import type { FirstEnd } from "../../../src/d1/settlement.ts";
import { ingest, type IngestDeps } from "../../../src/in/ingest.ts";
import type { Acceptance } from "../../../src/types.ts";
import { answering, door, request } from "../kit/door.ts";

/** The lines of an acceptance whose first attempts, if any are offered, end like this. */
const lines = async (answer: Acceptance, offered: string[], ends: FirstEnd[] | null) => {
  const first: IngestDeps["first"] = {
    offers: () => offered,
    make: async (_held, _offered, accepting, accepted) => {
      await accepting;
      if (ends !== null) accepted(ends);
    },
  };
  const deps = door({ first, intake: answering(answer) });
  const behind: Promise<void>[] = [];
  await ingest(await request("{}"), "acme", deps, { waitUntil: (work) => void behind.push(work) });
  await Promise.all(behind);
  return deps.log.of("ingest.accepted");
};

test("an acceptance has one line: with its first attempts from whoever makes them, and at once where none is offered", async () => {
  const end = { destination: "one", state: "delivered", status: 200, latencyMs: 3 } as const;
  const accepted = { kind: "accepted", id: "evt" } as const;
  const fields = { source: "acme", size: 2, destinations: 0 };
  const told = await lines(accepted, ["one"], [end]);
  expect(told).toEqual([{ ...fields, id: expect.any(String), type: "unknown", status: "accepted", first: [end] }]);
  const withoutEnds = [
    await lines(accepted, ["one"], []),
    await lines(accepted, [], null),
    await lines({ kind: "duplicate", id: "evt" }, ["one"], null),
  ];
  expect(withoutEnds).toMatchObject([[{ status: "accepted" }], [{ status: "accepted" }], [{ status: "duplicate" }]]);
  for (const [line] of withoutEnds) expect(line).not.toHaveProperty("first");
  expect(await lines({ kind: "busy", why: "unreachable" }, ["one"], null)).toEqual([]);
});
