// In some worlds what acme's events say is redacted: what is kept is worked out here, without the relay's help.
import type { Ledger } from "./ledger.ts";
import { bodyOf, type Letter } from "./senders.ts";
import type { Trait } from "./traits.ts";

const TEXT = "[redacted]";

/** What is kept for good of the body of a letter, in such a world; of all others what was sent. */
export function keptBodyOf(letter: Letter, traits: readonly Trait[]): Uint8Array {
  const body = bodyOf(letter);
  if (!traits.includes("redacted") || letter.source !== "acme" || body.length === 0) return body;
  // What cannot be read is taken out as a whole.
  if (letter.stuff !== "json" && letter.stuff !== "bom") return Buffer.from(TEXT);
  const { says } = Object(
    JSON.parse(
      Buffer.from(body)
        .toString()
        .replace(/^\uFEFF/, ""),
    ),
  );
  return Buffer.from(Buffer.from(body).toString().replace(JSON.stringify(says), JSON.stringify(TEXT)));
}

/** Whether what a redacted event was before is still kept somewhere in D1. */
export function keepsWholes({ plan, platform }: Ledger): boolean {
  if (!plan.traits.includes("redacted") || !platform.d1.hasTable("event_parts")) return false;
  const sql =
    "SELECT 1 FROM marks WHERE name > 'whole:' AND name < 'whole;' UNION ALL SELECT 1 FROM event_parts WHERE n >= 1000";
  return platform.d1.look(sql).length > 0;
}
