// The body of a proven request on its way into an event: beside it, or in parts of its own where it is large and new.
import { cutForSealing, encodeBody, encodeParts, INLINE_BYTES, PIECES_AT_ONCE } from "../bytes/body.ts";
import { PLACES, type Vault } from "../bytes/vault.ts";
import type { Parts } from "../d1/parts.ts";
import type { Rejection } from "../errors.ts";
import { within } from "../patience.ts";
import type { AskRepeats } from "../d1/known.ts";
import type { ConfiguredSource } from "../config/configured.ts";
import type { Hidden } from "../scheme/redaction.ts";
import { putWhole, sealBody, sealHead, veil } from "./whole.ts";
import type { Event, Undecided } from "../types.ts";

/** D1 has this long for all parts of a large body, in ms: GitHub gives up at 10 s, and Intake comes after. */
const PARTS_PATIENCE_MS = 7_000;

export interface KeepDeps {
  readonly parts: Pick<Parts, "put" | "drop">;
  /** Which of these events D1 has: asked before the parts of a large body are written. */
  readonly repeats: AskRepeats;
  readonly vault: Vault;
  readonly now: () => number;
}

/** An event as it is journaled: of a source that encrypts, its headers are one sealed value, and so is its body. */
type Journaled = Omit<Event, "headers"> & {
  readonly headers: Event["headers"] | string;
  /** What it was before it was redacted, sealed: kept for as long as deliveries are open. */
  readonly whole?: readonly string[];
};

/** The event as it is kept: a repeat of what D1 has is none, and is at its end where it opens nothing. */
export interface Kept {
  readonly row: Journaled | null;
  readonly repeat: boolean;
  readonly ended: boolean;
  /** Of one that is redacted. */
  readonly hidden?: Hidden;
}

/** An event whose body has not been looked at. */
export type Bodiless = Omit<Event, "encoding" | "body" | "parts">;

/** @param vault seals what is kept; `null` where it is kept as it came */
async function inline(event: Bodiless, body: Uint8Array, vault: Vault | null): Promise<Journaled> {
  const { encoding, data } = encodeBody(body);
  if (vault === null) return { ...event, encoding, body: data, parts: 0 };
  const sealed = await vault.seal(body, PLACES.body(event.id));
  return { ...(await headOf(event, vault)), encoding, body: sealed, parts: 0 };
}

/** What is kept beside the body. Why a route could not decide may quote the body. */
async function headOf(event: Bodiless, vault: Vault | null): Promise<Omit<Journaled, "encoding" | "body" | "parts">> {
  if (vault === null) return event;
  const headers = await vault.seal(JSON.stringify(event.headers), PLACES.headers(event.id));
  if (event.undecided === undefined) return { ...event, headers };
  return { ...event, headers, undecided: await sealUndecided(event.id, event.undecided, vault) };
}

/** The same with sealed reasons. */
export async function sealUndecided(
  event: string,
  undecided: readonly Undecided[],
  vault: Vault,
): Promise<readonly Undecided[]> {
  return await Promise.all(
    undecided.map(async ({ route, error }) => ({
      route,
      error: await vault.seal(error, PLACES.undecided(event, route)),
    })),
  );
}

/** The pieces of a large body, and how each is kept. */
function piecesOf(event: string, body: Uint8Array, vault: Vault | null) {
  if (vault === null) {
    const { encoding, parts } = encodeParts(body);
    return { encoding, count: parts.length, kept: async (n: number) => await Promise.resolve(parts[n] ?? "") };
  }
  const { encoding, pieces } = cutForSealing(body);
  const kept = async (n: number) => await vault.seal(pieces[n] ?? new Uint8Array(), PLACES.part(event, n));
  return { encoding, count: pieces.length, kept };
}

/**
 * Keeps what must be kept before the event may be accepted:
 * a large body in parts, or nothing where D1 has the event already.
 */
export async function keepBody(
  event: Bodiless,
  body: Uint8Array,
  { encrypt, redact: rule }: Pick<ConfiguredSource, "encrypt" | "redact">,
  { parts, repeats, vault: own, now }: KeepDeps,
): Promise<Rejection | Kept> {
  const { id, receipt, size } = event;
  const vault = encrypt === true ? own : null;
  const veiled = veil(rule, event, body);
  const { isVeiled } = veiled;
  const told = isVeiled ? { hidden: { headers: veiled.event.headers } } : {};
  if (size <= INLINE_BYTES) {
    const row = await inline(veiled.event, veiled.body, vault);
    const whole = isVeiled ? { whole: [await sealHead(event, 1, own), await sealBody(event, body, own)] } : {};
    return { row: { ...row, ...whole }, repeat: false, ended: false, ...told };
  }
  const deadline = event.receivedAt + PARTS_PATIENCE_MS;
  try {
    const [known] = await within(deadline - now(), "D1", repeats([id]));
    if (known !== undefined) return { row: null, repeat: true, ended: known.opens === 0 };
    // Before the event, so that an event which is accepted always has its body;
    // the sweep removes parts without an event.
    const { encoding, count, kept } = piecesOf(id, veiled.body, vault);
    for (let n = 0; n < count; n += PIECES_AT_ONCE) {
      const some = Array.from({ length: Math.min(PIECES_AT_ONCE, count - n) }, (_, at) => kept(n + at));
      await within(deadline - now(), "D1", parts.put(receipt, id, n, ...(await Promise.all(some))));
    }
    const put = async (n: number, ...pieces: readonly string[]) =>
      await within(deadline - now(), "D1", parts.put(receipt, id, n, ...pieces));
    const whole = isVeiled ? { whole: [await sealHead(event, await putWhole(event, body, own, put), own)] } : {};
    return {
      row: { ...(await headOf(veiled.event, vault)), encoding, body: null, parts: count, ...whole },
      repeat: false,
      ended: false,
      ...told,
    };
  } catch (error) {
    return { reason: "busy", why: `a large body was not kept: ${String(error)}`, retryAfterMs: 30_000 };
  }
}
