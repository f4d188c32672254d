// What does an app of the operator's own say? A message of type, time, data and id, or any body that headers
// name. Pure.
import { message, messageId, messageType } from "../contract/message.ts";
import { complaint } from "../contract/question.ts";
import { concatenated } from "../bytes/encoding.ts";
import type { Rejection } from "../errors.ts";
import { headersOf } from "../scheme/naming.ts";
import type { Provider } from "../scheme/scheme.ts";
import { placesOf } from "../scheme/template.ts";
import { iso } from "../time.ts";
import { type Inbound, Readings } from "../verify/readings.ts";

/** A message that may be accepted. */
export interface Message {
  /** The request as it is named: the id of a document stands among its headers. */
  readonly named: Inbound;
  /** What its id was read from, for whoever has used it twice; `null` where it has none. */
  readonly field: string | null;
  /** The request as it is kept: with the id and the time that were left out. */
  kept(id: string, now: number): Inbound;
}

/**
 * Where a header names the type, the body is whatever it is; and where none does, it says type, time, data and id
 * itself. Nothing of a message is guessed: what is none is refused with the name of its field.
 */
export function readMessage(inbound: Inbound, scheme: Provider): Message | Rejection {
  const [typeHeaders, idHeaders] = [scheme.type, scheme.id].map((template) =>
    template === undefined ? [] : headersOf(placesOf(template)),
  );
  const id = present(inbound.headers, idHeaders ?? []);
  const wrongId = id === null ? null : faultIn(messageId, id.value);
  if (id !== null && wrongId !== null) return malformed(id.name, wrongId);
  const type = present(inbound.headers, typeHeaders ?? []);
  if (type !== null) {
    const wrong = faultIn(messageType, type.value);
    if (wrong !== null) return malformed(type.name, wrong);
    return { named: inbound, field: id?.name ?? null, kept: () => inbound };
  }
  return ofDocument(inbound, id === null && idHeaders?.includes(ID_HEADER) === true, id?.name ?? null);
}

/** Under this header the id of a document is read, as if the request had come with it. */
const ID_HEADER = "webhook-id";

/**
 * @param ownId whether its own id names it
 * @param named the header that does
 */
function ofDocument(inbound: Inbound, ownId: boolean, named: string | null): Message | Rejection {
  const readings = Readings.of(inbound).proven;
  if (!readings.isText) return malformed("body", NO_DOCUMENT);
  const document = readings.json("body");
  if (document === undefined && readings.excess !== null) return { reason: "body_too_complex", what: readings.excess };
  if (typeof document !== "object" || document === null || Array.isArray(document))
    return malformed("body", NO_DOCUMENT);
  const read = message.safeParse(document);
  if (!read.success) return malformed(null, complaint(read.error, Object.keys(message.shape)));
  const { id, timestamp } = read.data;
  const headers = new Headers(inbound.headers);
  if (ownId && id !== undefined) headers.set(ID_HEADER, id);
  return {
    named: { ...inbound, headers },
    field: named ?? (ownId && id !== undefined ? "id" : null),
    kept: (made, now) =>
      filled(inbound, {
        ...(id === undefined ? { id: made } : {}),
        ...(timestamp === undefined ? { timestamp: iso(now) } : {}),
      }),
  };
}

const NO_DOCUMENT =
  "must be a JSON object with type and data, and id and timestamp where they are not to be made; or name the type of any other body in the header Hookline-Event-Type";

/** The document with members that it lacks, and every other byte as it came. */
function filled(inbound: Inbound, members: Readonly<Record<string, string>>): Inbound {
  const headers = new Headers(inbound.headers);
  if (!/\bjson\b/i.test(headers.get("content-type") ?? "")) headers.set("content-type", "application/json");
  if (Object.keys(members).length === 0) return { ...inbound, headers };
  const { body } = inbound;
  const open = body.indexOf(OPEN) + 1;
  const more = new TextEncoder().encode(`${JSON.stringify(members).slice(1, -1)},`);
  return { ...inbound, headers, body: concatenated([body.subarray(0, open), more, body.subarray(open)]) };
}

/** `{` */
const OPEN = 0x7b;

/** The first of these headers that is there. */
function present(headers: Headers, names: readonly string[]): { readonly name: string; readonly value: string } | null {
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) return { name, value };
  }
  return null;
}

function faultIn(schema: typeof messageId, value: string): string | null {
  const read = schema.safeParse(value);
  return read.success ? null : (read.error.issues[0]?.message ?? "");
}

/** @param field `null` where the sentence begins with it */
function malformed(field: string | null, says: string): Rejection {
  if (field !== null) return { reason: "message_malformed", field, says };
  const at = says.indexOf(": ");
  return { reason: "message_malformed", field: says.slice(0, at), says: says.slice(at + 2) };
}
