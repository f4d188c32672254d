// Orders to delete all of a subject, in every state that a page can show, hostile text included.
import type { ErasureAnswer } from "../../src/contract/erasures.ts";
import { ago, NAUGHTY } from "./fixture-words.ts";

function erasure(id: string, more: Partial<ErasureAnswer> = {}): ErasureAnswer {
  return {
    id,
    state: "counted",
    source: "stripe",
    place: "body.data.object.customer",
    salt: "0f".repeat(16),
    digest: "a1".repeat(32),
    actor: "ops@example.com",
    matched: 12,
    deleted: 0,
    looked: 40_210,
    unreadable: 0,
    created_at: ago(600),
    updated_at: ago(2),
    ended_at: null,
    ...more,
  };
}

export const erasures: [ErasureAnswer, ErasureAnswer, ErasureAnswer, ...ErasureAnswer[]] = [
  erasure("era_counted"),
  erasure("era_deleting", { state: "deleting", deleted: 5, unreadable: 3 }),
  erasure("era_cancelled", { state: "cancelled", ended_at: ago(100), actor: NAUGHTY }),
  erasure("era_counting", { state: "counting", matched: 1, looked: 500 }),
  erasure("era_rewriting", { state: "rewriting", deleted: 13 }),
  erasure("era_done", {
    state: "done",
    deleted: 13,
    ended_at: ago(50),
    place: `body.${NAUGHTY.replaceAll(/[\s.=]/g, "_")}`,
  }),
  erasure("era_none", { matched: 0 }),
];
