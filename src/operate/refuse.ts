// How an operation says no, in words that say what to do next. Pure.
import { goneWords, readGone } from "../contract/retention.ts";
import type { WholeEventRow } from "../d1/rows.ts";
import type { Problem } from "../errors.ts";

/** An operation that was refused. */
export interface Refused {
  readonly ok: false;
  readonly problem: Problem;
}

export function notFound(detail: string): Refused {
  return { ok: false, problem: { status: 404, title: "Not Found", detail } };
}

export function conflict(detail: string): Refused {
  return { ok: false, problem: { status: 409, title: "Conflict", detail } };
}

export function badRequest(detail: string): Refused {
  return { ok: false, problem: { status: 400, title: "Bad Request", detail } };
}

export function unprocessable(detail: string): Refused {
  return { ok: false, problem: { status: 422, title: "Unprocessable Content", detail } };
}

/** @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07#section-2.7 */
export function reused(): Refused {
  const detail = "an earlier request with this Idempotency-Key asked for something else: ask under a new one";
  return { ok: false, problem: { status: 422, title: "Unprocessable Content", detail } };
}

export function noEvent(id: string): Refused {
  return notFound(`there is no event ${quoted(id)}: GET /api/events lists them`);
}

/** Of an event that is known without its body; `null` where it has one. */
export function noBody({ id, gone }: Pick<WholeEventRow, "id" | "gone">): Refused | null {
  const read = readGone(gone);
  if (read === null) return null;
  const detail = `the body of ${id} ${goneWords(read)}: nothing of it can be sent, edited or tried. Have its sender send it again as a new event`;
  return { ok: false, problem: { status: 410, title: "Gone", detail } };
}

export function noDelivery(id: string): Refused {
  return notFound(`there is no delivery ${quoted(id)}: GET /api/deliveries lists them`);
}

export function noSource(name: string): Refused {
  return notFound(`there is no source ${quoted(name)}: GET /api/sources lists them`);
}

export function noDestination(name: string): Refused {
  return notFound(`there is no destination ${quoted(name)}: GET /api/destinations lists them`);
}

/** A stranger's text in a message: as JSON, and cut. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
