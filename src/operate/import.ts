// Events of another relay are written into the history: as they were, under their own ids, and nothing of them is sent.
import { folderOf } from "../archive/segment.ts";
import { decodeBody, encodePiece } from "../bytes/body.ts";
import { NO_KEYS, PLACES } from "../bytes/vault.ts";
import type { Config, ConfiguredSource } from "../config/configured.ts";
import { keptFor } from "../contract/retention.ts";
import type { Coming } from "../d1/imports.ts";
import { importReceiptId, shortId } from "../ids.ts";
import { comingOf, type Made, tooLargeToRedact } from "./coming.ts";
import type { Done, Verb, VerbDeps } from "./operator.ts";
import { conflict, quoted, unprocessable } from "./refuse.ts";

/** Characters of JSON that go to D1 at once: a parameter holds 2 MB, and a character of UTF-8 may take three bytes. */
const GROUP = 600_000;

type ImportDeps = Pick<VerbDeps, "tables" | "now" | "newId" | "log" | "vault"> & {
  readonly config: Pick<Config, "sources" | "destinations" | "keepings">;
  /** Whether what is too old to be kept has somewhere to go. */
  readonly archive: object | null;
};

export function openImport(deps: ImportDeps): { import: Verb<"import">; "import.parts": Verb<"import.parts"> } {
  const { config, tables, now, newId, log, archive, vault = NO_KEYS } = deps;
  const { imports, parts } = tables;
  /** A source that takes what is imported, or why not. */
  const sourceOf = (name: string, whose: string): Done<ConfiguredSource> => {
    const source = config.sources.get(name);
    if (source === undefined)
      return unprocessable(
        `${whose} is of the source ${quoted(name)}, which this relay does not have: add it to wrangler.toml and deploy, or import its events as another one's (as_source, --as-source)`,
      );
    if (source.encrypt === true && vault.fault !== null)
      return conflict(`${whose} is of the source ${quoted(name)}, which encrypts, and ${vault.fault}`);
    return { ok: true, value: source };
  };

  return {
    async import(_, by, { lines, as_source: other }) {
      const at = now();
      const given = { parts, vault, now: at, newId };
      const known = await imports.known(
        lines.map(({ id, received_at }) => ({ id, short: shortId(id), folder: folderOf(Date.parse(received_at)) })),
      );
      const result = { imported: 0, known: 0, cancelled: 0, expired: 0 };
      const coming: (Made & { readonly old: 0 | 1 })[] = [];
      for (const [n, written] of lines.entries()) {
        const name = `lines.${n}: the event ${written.id}`;
        const line = other === undefined ? written : { ...written, source: other };
        const source = sourceOf(line.source, name);
        if (!source.ok) return source;
        if (known.has(line.id)) continue;
        known.add(line.id);
        const keptMs = keptFor(config.keepings, "events", line.source);
        const isOld = keptMs !== null && Date.parse(line.received_at) < at - keptMs;
        if (isOld && archive === null) {
          result.expired += 1;
          continue;
        }
        const made = await comingOf(line, source.value, name, given);
        if (!made.ok) return made;
        coming.push({ ...made.value, old: isOld ? 1 : 0 });
      }
      for (const group of grouped(coming)) {
        const here = await imports.write(group, by.caller.actor, at);
        result.imported += here.size;
        for (const { id, cancelled } of group) if (here.has(id)) result.cancelled += cancelled;
      }
      result.known = lines.length - result.imported - result.expired;
      log.info("import.asked", result);
      const destinations = new Set(lines.flatMap((line) => line.deliveries.map(({ destination }) => destination)));
      const missing = [...destinations].filter((one) => !config.destinations.has(one)).toSorted();
      return { ok: true, value: { ...result, not_configured: missing } };
    },

    async "import.parts"(_, __, { event, source: name, receipt: given, n, encoding, data }) {
      const found = sourceOf(name, `the event ${event}`);
      if (!found.ok) return found;
      const source = found.value;
      if (source.redact !== undefined) return unprocessable(tooLargeToRedact(`the event ${event}`, name));
      if (given === null && (await imports.known([{ id: event, short: shortId(event), folder: "~" }])).size > 0)
        return { ok: true, value: { receipt: null } };
      const receipt = given ?? importReceiptId(now(), newId());
      const bytes = decodeBody("base64", data);
      const piece = source.encrypt === true ? await vault.seal(bytes, PLACES.part(event, n)) : pieceOf(encoding, bytes);
      if (piece === null) return unprocessable(`the piece ${n} of ${event} is no text: send it with encoding base64`);
      await parts.put(receipt, event, n, piece);
      return { ok: true, value: { receipt } };
    },
  };
}

function pieceOf(encoding: "text" | "base64", bytes: Uint8Array): string | null {
  try {
    return encodePiece(encoding, bytes);
  } catch {
    return null;
  }
}

/** Few enough for one statement each. */
function grouped<One extends Coming>(all: readonly One[]): One[][] {
  const groups: One[][] = [];
  let size = Infinity;
  for (const one of all) {
    const { length } = JSON.stringify(one);
    if (size + length > GROUP) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(one);
    size += length;
  }
  return groups;
}
