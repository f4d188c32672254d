// An event of which values are taken out: what is kept for good,
// and the whole of it, sealed, for as long as deliveries are open.
import { PIECES_AT_ONCE, WHOLE_PARTS } from "../bytes/body.ts";
import { PLACES, type Vault } from "../bytes/vault.ts";
import { PROOF, REDACTED, REDACTED_TEXT } from "../ids.ts";
import type { Redaction, WholeHead } from "../scheme/redaction.ts";
import type { Event } from "../types.ts";
import { redact } from "./redact.ts";

type Told = Pick<Event, "id" | "headers" | "undecided">;

/** An event as it is kept for good, and what it was. */
export interface Veiled<Of extends Told> {
  readonly event: Of;
  readonly body: Uint8Array;
  /** Whether anything was taken out. */
  readonly isVeiled: boolean;
}

/** Takes out what nobody is to see: of the headers, the body, and the reasons of routes that could not decide. */
export function veil<Of extends Told>(rule: Redaction | undefined, event: Of, body: Uint8Array): Veiled<Of> {
  const made = rule === undefined ? null : redact(rule, event.headers, body);
  if (made === null) return { event, body, isVeiled: false };
  // A reason may quote a value in whatever spelling.
  const undecided = event.undecided?.map(({ route }) => ({ route, error: REDACTED_TEXT }));
  // The proof is of the whole alone, and may have a header again that is taken out.
  const { [PROOF]: _proof, ...headers } = made.headers;
  const kept = { ...event, headers: { ...headers, [REDACTED]: "1" } };
  return { event: undecided === undefined ? kept : { ...kept, undecided }, body: made.body, isVeiled: true };
}

/** The head of the whole, sealed. */
export async function sealHead({ id, headers }: Told, pieces: number, vault: Vault) {
  return await vault.seal(JSON.stringify({ headers, pieces } satisfies WholeHead), PLACES.whole(id, 0));
}

/** A body that is kept beside its event, whole. */
export async function sealBody({ id }: Pick<Told, "id">, body: Uint8Array, vault: Vault): Promise<string> {
  return await vault.seal(body, PLACES.whole(id, 1));
}

/** Bytes of a piece of a large one, of which base64 makes what fits a row. */
const PIECE = 750_000;

/** Puts the pieces of a large one. Returns how many there are. */
export async function putWhole(
  { id }: Pick<Told, "id">,
  body: Uint8Array,
  vault: Vault,
  put: (n: number, ...pieces: readonly string[]) => Promise<void>,
): Promise<number> {
  const count = Math.ceil(body.length / PIECE);
  for (let n = 0; n < count; n += PIECES_AT_ONCE) {
    const some = Array.from({ length: Math.min(PIECES_AT_ONCE, count - n) }, async (_, at) => {
      const from = (n + at) * PIECE;
      return await vault.seal(body.subarray(from, from + PIECE), PLACES.whole(id, n + at + 1));
    });
    await put(WHOLE_PARTS + 1 + n, ...(await Promise.all(some)));
  }
  return count;
}
