// Reads what is to be sent: each event when its turn comes, several small ones in one query, each large body in slices.
import { decodeBody, INLINE_BYTES, WHOLE_PARTS } from "../bytes/body.ts";
import { concatenated } from "../bytes/encoding.ts";
import { isSealed, NO_KEYS, PLACES, type Vault } from "../bytes/vault.ts";
import { REDACTED } from "../ids.ts";
import type { WholeHead } from "../scheme/redaction.ts";
import type { Parts } from "../d1/parts.ts";
import type { Claim, KeptEvent, Store, StoredEvent } from "../d1/store.ts";

/** Bytes of bodies in one query, and parts of a large body in one query. */
export const LOAD_BYTES = 1_000_000;
export const LOAD_PARTS = 4;

/** Not all of an event is in D1: it has gone since it was found, or what is there is broken. */
export class Incomplete extends Error {
  override readonly name = "Incomplete";
}

export interface LoadDeps {
  readonly store: Pick<Store, "load">;
  readonly parts: Pick<Parts, "read" | "heads">;
  /** Opens what is kept sealed. */
  readonly vault?: Vault;
}

/**
 * The events of an invocation's claims. Both reject where D1 has not what the claim is for, and with `Locked` where it
 * is sealed and the key is not here.
 */
export interface Loaded {
  event(claim: Pick<Claim, "event" | "id">): Promise<StoredEvent>;
  /** The bytes as they were received. */
  body(event: StoredEvent): Promise<Uint8Array>;
}

/**
 * Plans the queries; none is sent before the first of its events is asked for.
 *
 * @param sizeOf bytes of a claim's body, as its bell told
 */
export function load<One extends Pick<Claim, "event" | "id">>(
  claims: readonly One[],
  sizeOf: (claim: One) => number,
  { store, parts: large, vault = NO_KEYS }: LoadDeps,
): Loaded {
  const chunks = new Map<number, Chunk>();
  let chunk: Chunk = { seqs: [] };
  let bytes = 0;
  for (const claim of claims) {
    if (chunks.has(claim.event)) continue;
    const size = sizeOf(claim);
    const inline = size <= INLINE_BYTES ? size : 0;
    if (bytes + inline > LOAD_BYTES) [chunk, bytes] = [{ seqs: [] }, 0];
    chunk.seqs.push(claim.event);
    chunks.set(claim.event, chunk);
    bytes += inline;
  }
  return {
    async event({ event: seq, id }) {
      const own: Chunk = chunks.get(seq) ?? { seqs: [seq] };
      own.rows ??= store.load(own.seqs).then((rows) => new Map(rows.map((row) => [row.seq, row])));
      const event = (await own.rows).get(seq);
      if (event === undefined) throw new Incomplete(`event ${id} is not in D1`);
      const heads = async () => await (own.heads ??= large.heads(own.seqs));
      return await whole(await opened(event, vault), heads, large, vault);
    },
    async body(event) {
      if (event.whole !== undefined) return await wholeBody(event, event.whole, large, vault);
      const { id, receipt, encoding, body, parts, sealed } = event;
      if (body !== null) return sealed ? await vault.open(body, PLACES.body(id)) : decodeBody(encoding, body);
      const pieces: Uint8Array[] = [];
      for (let n = 0; n < parts; n += LOAD_PARTS) {
        for (const data of await large.read(receipt, n, LOAD_PARTS))
          pieces.push(sealed ? await vault.open(data, PLACES.part(id, pieces.length)) : decodeBody(encoding, data));
      }
      if (pieces.length !== parts) throw new Incomplete(`${pieces.length} of ${parts} parts of the body are in D1`);
      return concatenated(pieces);
    },
  };
}

/** Events that are read in one query, and what those of them that are redacted were before, in one more. */
interface Chunk {
  readonly seqs: number[];
  rows?: Promise<Map<number, KeptEvent>>;
  heads?: ReturnType<Parts["heads"]>;
}

/** The event without its body, opened where it is sealed. */
async function opened({ headers, object = null, ...kept }: KeptEvent, vault: Vault): Promise<StoredEvent> {
  if (!isSealed(headers)) return { ...kept, object, headers: parsedHeaders(headers) };
  const [text, fetched] = await Promise.all([
    vault.openText(headers, PLACES.headers(kept.id)),
    object === null ? null : vault.openText(object, PLACES.object(kept.id)),
  ]);
  return { ...kept, object: fetched, headers: parsedHeaders(text), sealed: true };
}

function parsedHeaders(text: string): Record<string, string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge wrote it from a Record<string, string>
  return JSON.parse(text) as Record<string, string>;
}

/** A redacted event as it came, for as long as that is kept: what is sent again is what was sent before. */
async function whole(
  event: StoredEvent,
  heads: () => ReturnType<Parts["heads"]>,
  large: LoadDeps["parts"],
  vault: Vault,
): Promise<StoredEvent> {
  if (event.headers[REDACTED] === undefined) return event;
  const hidden = { headers: event.headers, shown: async () => await shownBeginning(event, large, vault) };
  // With the head comes the body, where it is not large.
  const [sealed, ...first] = (await heads()).get(event.receipt) ?? [];
  if (sealed === undefined) return { ...event, hidden };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- src/in/whole.ts wrote it
  const head = JSON.parse(await vault.openText(sealed, PLACES.whole(event.id, 0))) as WholeHead;
  return { ...event, headers: head.headers, hidden, whole: { ...head, first } };
}

/** What is left of a redacted body; of a large one its first part. */
async function shownBeginning(
  { id, receipt, encoding, body, sealed }: StoredEvent,
  large: LoadDeps["parts"],
  vault: Vault,
): Promise<Uint8Array> {
  const [data = ""] = body === null ? await large.read(receipt, 0, 1) : [body];
  if (sealed !== true) return decodeBody(encoding, data);
  return await vault.open(data, body === null ? PLACES.part(id, 0) : PLACES.body(id));
}

async function wholeBody(
  { id, receipt }: StoredEvent,
  { pieces: count, first }: NonNullable<StoredEvent["whole"]>,
  large: LoadDeps["parts"],
  vault: Vault,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const open = async (data: string) => void pieces.push(await vault.open(data, PLACES.whole(id, pieces.length + 1)));
  for (const data of first) await open(data);
  for (let n = pieces.length + 1; n <= count; n += LOAD_PARTS)
    for (const data of await large.read(receipt, WHOLE_PARTS + n, Math.min(LOAD_PARTS, count + 1 - n)))
      await open(data);
  // They go once every delivery has ended: then this one is somebody else's by now.
  if (pieces.length !== count) throw new Incomplete(`${pieces.length} of ${count} parts of the whole are in D1`);
  return concatenated(pieces);
}
