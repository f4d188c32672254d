// An event as expressions are tried on it: one that is stored, or one that never came.
import { decodeBody } from "../bytes/body.ts";
import { concatenated } from "../bytes/encoding.ts";
import type { Config } from "../config/configured.ts";
import type { WholeEventRow } from "../d1/rows.ts";
import { EDITED_FROM, PROOF } from "../ids.ts";
import { type Asked, askedAgain, readsBody, sourceOf } from "../in/again.ts";
import { keptOf } from "../in/headers.ts";
import { asType, identify } from "../in/identify.ts";
import type { Done, VerbDeps } from "./operator.ts";
import { badRequest, quoted } from "./refuse.ts";

/** What is tried: the names that expressions read, and the body as it came. */
export interface Given {
  readonly asked: Asked;
  readonly type: string;
  readonly body: Uint8Array;
  /** What it names, where that was fetched: as it is kept. */
  readonly object: string | null;
}

/** @param whole whether the body is read although no condition of the source asks for it */
export async function again(
  row: WholeEventRow,
  records: Pick<VerbDeps["tables"]["records"], "body">,
  config: Pick<Config, "sources" | "routes">,
  whole = false,
): Promise<Given> {
  const pieces: Uint8Array[] = [];
  if (whole || readsBody(config, row))
    for await (const piece of records.body(row)) pieces.push(decodeBody(row.encoding, piece));
  // What proves the sender is for receivers that verify it: no expression reads it, and none may show it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge wrote it from a Record<string, string>
  const { [EDITED_FROM]: _, [PROOF]: _proof, ...headers } = JSON.parse(row.headers) as Record<string, string>;
  const body = concatenated(pieces);
  const asked = askedAgain({ ...row, headers }, body, config);
  return { asked, type: row.type, body, object: row.object ?? null };
}

/** What is said of an event that never came. */
interface NeverCame {
  readonly source: string;
  readonly type: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function neverCame(
  { source: name, type, headers, body: text }: NeverCame,
  config: Pick<Config, "sources">,
  now: number,
): Done<Given> {
  const source = sourceOf(name, config.sources);
  if (source === undefined)
    return badRequest(`source: the configuration has no source ${quoted(name)}: GET /api/sources lists them`);
  const body = new TextEncoder().encode(text);
  const made = headersOf(headers);
  if (made === null) return badRequest("headers: holds what is no header: write names and values as text");
  const request = { method: "POST", url: "https://tried.invalid/", headers: made, body };
  const types = type === null ? identify(request, source.scheme, source.settings).types : [asType(type)];
  const told = {
    id: "evt_tried",
    source: name,
    type: types.join(","),
    receivedAt: now,
    headers: keptOf(request, source),
  };
  return {
    ok: true,
    value: { asked: { ...askedAgain(told, body, config), types }, type: told.type, body, object: null },
  };
}

function headersOf(written: Readonly<Record<string, string>>): Headers | null {
  try {
    return new Headers(written);
  } catch {
    return null;
  }
}
