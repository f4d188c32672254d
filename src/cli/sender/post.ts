// One request, sent: what the relay answered, and how long it took.
import * as z from "zod";
import { parseJson } from "../../bytes/json.ts";
import type { Draft } from "./draft.ts";

/** What became of a request. */
export interface Posted {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly ms: number;
  readonly event: string | null;
  /** `accepted` or `duplicate`, as the relay says it; senders with a reply of their own hear neither. */
  readonly kind: string | null;
  /** What a refusal says, or why there was no answer. */
  readonly says: string | null;
}

const accepted = z.object({ id: z.string(), status: z.string() });
const PATIENCE_MS = 30_000;

/** Never throws. */
export async function post({ method, url, headers, body }: Draft, to: string): Promise<Posted> {
  const begun = performance.now();
  const target = new URL(to);
  // What a scheme has put into the query belongs to the request.
  target.search = new URL(url).search;
  try {
    const response = await fetch(target, {
      method,
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    const ms = performance.now() - begun;
    const told = accepted.safeParse(parseJson(text));
    const event = response.headers.get("hookline-event-id") ?? (told.success ? told.data.id : null);
    const kind = told.success ? told.data.status : null;
    return { status: response.status, ms, event, kind, says: response.ok ? null : detailOf(text) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return { status: 0, ms: performance.now() - begun, event: null, kind: null, says: cause };
  }
}

function detailOf(text: string): string {
  const problem = parseJson(text);
  const detail: unknown = Object(problem).detail ?? Object(problem).title;
  return typeof detail === "string" ? detail : text.slice(0, 200);
}
