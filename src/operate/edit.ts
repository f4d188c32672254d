// An edited body of an event goes to one destination, as a new event that names the old one, because somebody asked.
import { encodeBody, INLINE_BYTES } from "../bytes/body.ts";
import { decodeBase64, encodeHex } from "../bytes/encoding.ts";
import { NO_KEYS, PLACES, type Vault } from "../bytes/vault.ts";
import { EDIT } from "../d1/deeds/edit.ts";
import type { WholeEventRow } from "../d1/rows.ts";
import { anonymousEventId, deliveryId, EDITED_FROM, PROOF } from "../ids.ts";
import type { Encoding } from "../types.ts";
import type { ConfiguredSource } from "../config/configured.ts";
import { sealBody, sealHead, veil } from "../in/whole.ts";
import { openOnce } from "./once.ts";
import type { Verb, VerbDeps } from "./operator.ts";
import { badRequest, conflict, noBody, noDestination, noEvent, type Refused, reused } from "./refuse.ts";

/**
 * Makes an event of this one's source, type and headers with another body, and sends it to one destination.
 * The old event stays as it is.
 */
export function openEdit(deps: VerbDeps): Verb<"edit"> {
  const { config, tables, newId, log, vault = NO_KEYS } = deps;
  const once = openOnce(deps);
  return async ({ event: id }, by, { destination, body, encoding, content_type: contentType }) => {
    const event = await tables.records.event(id);
    if (event === null) return noEvent(id);
    const gone = noBody(event);
    if (gone !== null) return gone;
    if (!config.destinations.has(destination)) return noDestination(destination);
    const bytes = bytesOf(body, encoding);
    if (bytes === null) return badRequest(`body: is not ${encoding}: give the bytes as base64, with encoding base64`);
    if (bytes.length > INLINE_BYTES) return tooLarge(bytes.length);

    const source = config.sources.get(event.source);
    const encrypts = event.sealed === true || source?.encrypt === true;
    if ((encrypts || source?.redact !== undefined) && vault.fault !== null)
      return conflict(`the event is kept encrypted, or what is redacted of it is, and ${vault.fault}`);
    const kept = await keptOf(event, bytes, anonymousEventId(newId()), contentType, {
      vault,
      encrypts,
      redact: source?.redact,
    });
    const { sha256 } = kept;
    const made = { event: event.event, ...kept, size: bytes.length };
    const { answer } = await once(EDIT, event.id, { ...made, destination, contentType }, by);
    if (answer.event === null) return noEvent(id);
    if (answer.destination !== destination || answer.sha256 !== sha256 || answer.contentType !== contentType)
      return reused();
    const delivery = deliveryId(answer.event, destination);
    log.info("edit.asked", { target: event.id, delivery, size: bytes.length, sha256 });
    return { ok: true, value: { event: answer.event, delivery, edited_from: event.id, size: bytes.length } };
  };
}

/** The new event as it is kept: sealed where the old one is, or where its source asks for it by now. */
async function keptOf(
  old: WholeEventRow,
  bytes: Uint8Array,
  id: string,
  contentType: string | null,
  { vault, encrypts, redact }: { vault: Vault; encrypts: boolean; redact: ConfiguredSource["redact"] },
): Promise<{
  id: string;
  headers: string;
  encoding: Encoding;
  body: string;
  whole?: readonly string[];
  sha256: string;
}> {
  const whole = { id, headers: headersOf(old, encodeBody(bytes).encoding, contentType) };
  const { event, body: kept, isVeiled } = veil(redact, whole, bytes);
  // Of what is kept: by that of the whole, whoever knows the rest would find the value by trying.
  const sha256 = encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(kept))));
  const { data, encoding } = encodeBody(kept);
  const headers = JSON.stringify(event.headers);
  const before = isVeiled ? { whole: [await sealHead(whole, 1, vault), await sealBody(whole, bytes, vault)] } : {};
  if (!encrypts) return { id, headers, encoding, body: data, sha256, ...before };
  const [sealedHeaders, body] = await Promise.all([
    vault.seal(headers, PLACES.headers(id)),
    vault.seal(kept, PLACES.body(id)),
  ]);
  return { id, headers: sealedHeaders, encoding, body, sha256, ...before };
}

/**
 * Text is no longer compressed as the old body may have been; what proved the old body proves nothing of the new one.
 */
function headersOf(old: WholeEventRow, encoding: Encoding, contentType: string | null): Record<string, string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge wrote it from a Record<string, string>
  const { [PROOF]: _, "content-encoding": coding, ...headers } = JSON.parse(old.headers) as Record<string, string>;
  return {
    ...headers,
    ...(encoding === "text" || coding === undefined ? {} : { "content-encoding": coding }),
    [EDITED_FROM]: old.id,
    ...(contentType === null ? {} : { "content-type": contentType }),
  };
}

/** `null` for what is not written in this encoding: half a surrogate pair is no text either. */
function bytesOf(body: string, encoding: "text" | "base64"): Uint8Array | null {
  if (encoding === "base64") return body === "" ? new Uint8Array() : decodeBase64(body);
  return body.isWellFormed() ? new TextEncoder().encode(body) : null;
}

function tooLarge(size: number): Refused {
  const detail = `body: has ${size} bytes, and an edited one may have ${INLINE_BYTES}: have its sender send it instead`;
  return { ok: false, problem: { status: 413, title: "Content Too Large", detail } };
}
