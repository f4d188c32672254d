// A line of another relay's export as it is written into this history: ended, redacted and sealed.
import { arrivingOf } from "../archive/line.ts";
import { sealLine } from "../archive/sealed.ts";
import { decodeBody, encodeBody, encodePiece, INLINE_BYTES } from "../bytes/body.ts";
import type { Vault } from "../bytes/vault.ts";
import type { ConfiguredSource } from "../config/configured.ts";
import type { ImportLine } from "../contract/import.ts";
import type { LineDelivery } from "../contract/line.ts";
import type { Coming } from "../d1/imports.ts";
import type { Arriving } from "../d1/lines.ts";
import type { Tables } from "../d1/open.ts";
import { importReceiptId, REDACTED, REDACTED_TEXT } from "../ids.ts";
import { veil } from "../in/whole.ts";
import type { Done } from "./operator.ts";
import { quoted, type Refused, unprocessable } from "./refuse.ts";

export interface ComingDeps {
  readonly parts: Pick<Tables["parts"], "isWhole">;
  readonly vault: Vault;
  readonly now: number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
}

/** An event as it is written, and how many of its deliveries were open. */
export type Made = Arriving & Pick<Coming, "editions"> & { readonly cancelled: number };

/** @param name how a refusal names the line */
export async function comingOf(
  written: ImportLine,
  source: ConfiguredSource,
  name: string,
  { parts, vault, now, newId }: ComingDeps,
): Promise<Done<Made>> {
  const { uploaded, edited_as: editions } = written;
  const bad = badTime(written, name, now) ?? (await badBody(written, name, parts));
  if (bad !== null) return bad;
  const redacting = source.redact !== undefined;
  if (redacting && uploaded !== undefined) return unprocessable(tooLargeToRedact(name, written.source));
  const open = written.deliveries.filter(({ state }) => state !== "delivered" && state !== "failed");
  const ended = { ...written, deliveries: written.deliveries.map((one) => endedOf(one, now)) };
  const line = redacting ? redacted(ended, source) : ended;
  const count = uploaded?.parts ?? 0;
  const kept = source.encrypt === true ? await sealLine(line, count, vault) : line;
  const arriving = arrivingOf(kept, uploaded?.receipt ?? importReceiptId(now, newId()), count);
  const value = {
    ...arriving,
    cancelled: open.length,
    editions: editions.map(({ event, destination, edited_at }) => ({
      event,
      destination,
      at: Date.parse(edited_at),
    })),
  };
  return { ok: true, value };
}

/** Another relay's clock may be so far ahead, in ms. */
const AHEAD_MS = 5 * 60_000;

/** Retention goes along the events in the order of their times: one of tomorrow would hold up all behind it. */
function badTime({ received_at: received, deliveries }: ImportLine, name: string, now: number): Refused | null {
  const late = [received, ...deliveries.flatMap(({ ended_at: ended }) => ended ?? [])].find(
    (time) => Date.parse(time) > now + AHEAD_MS,
  );
  return late === undefined ? null : unprocessable(`${name} has the time ${late}, which is still to come: correct it`);
}

async function badBody(
  { id, size, encoding, body, headers, gone, uploaded }: ImportLine,
  name: string,
  parts: ComingDeps["parts"],
): Promise<Refused | null> {
  if (gone !== undefined) return body === "" ? null : unprocessable(`${name} has a body, and says that it is gone`);
  if (uploaded !== undefined)
    return (await parts.isWhole(uploaded.receipt, id, uploaded.parts))
      ? null
      : unprocessable(`${name} has ${uploaded.parts} pieces, and not all of them are here: send them again`);
  const bytes = decodeBody(encoding, body);
  const again = encodePiece(encoding, bytes);
  if (again !== body) return unprocessable(`${name} has a body that is not ${encoding}`);
  if (bytes.length > INLINE_BYTES)
    return unprocessable(
      `${name} has a body of ${bytes.length} bytes: one of more than ${INLINE_BYTES} comes by POST /import/parts`,
    );
  if (headers[REDACTED] === undefined && bytes.length !== size)
    return unprocessable(`${name} says that its body has ${size} bytes, and it has ${bytes.length}`);
  return null;
}

/** Why a large body is not taken by a source that redacts. */
export function tooLargeToRedact(whose: string, source: string): string {
  return `${whose} is of the source ${quoted(source)}, which takes values out of its events, and is too large for that here: import it as another source's`;
}

/** What was open where it came from is not sent from here by itself: it has ended, and a replay opens it. */
function endedOf(one: LineDelivery, now: number): LineDelivery {
  if (one.state === "delivered" || one.state === "failed") return one;
  const at = new Date(now).toISOString();
  return { ...one, state: "failed", reason: "cancelled", ended_at: at };
}

/**
 * Without the values that nobody is to see, of which the answers may have any. One that was redacted before was so by
 * the rule of its own relay. Of one whose body is gone nobody knows what was in it.
 */
function redacted(line: ImportLine, source: ConfiguredSource): ImportLine {
  const { event, body, isVeiled } = veil(
    source.redact,
    { id: line.id, headers: line.headers, undecided: line.undecided },
    decodeBody(line.encoding, line.body),
  );
  // What was fetched for it may hold them, whether or not it does.
  if (!isVeiled && line.gone === undefined) return { ...line, object: null };
  const { encoding, data } = encodeBody(body);
  const deliveries = line.deliveries.map((one) => ({
    ...one,
    answer: said(one.answer),
    attempts: one.attempts.map((attempt) => Object.assign({}, attempt, { answer: said(attempt.answer) })),
  }));
  return {
    ...line,
    headers: event.headers,
    undecided: line.undecided.map(({ route }) => ({ route, error: REDACTED_TEXT })),
    encoding,
    body: data,
    object: null,
    deliveries,
  };
}

function said(answer: string | null): string | null {
  return answer === null || answer === "" ? answer : REDACTED_TEXT;
}
