// In which revision of the protocol is a request written, and do its headers say the same? Pure.
import { decodeBase64 } from "../bytes/encoding.ts";
import { member } from "../bytes/json.ts";
import { type Fault, invalid, type Request } from "./message.ts";

/** Each request says all about itself: there is no handshake. */
export const STATELESS = "2026-07-28";
/** Those that begin with a handshake, newest first. */
const WITH_HANDSHAKE = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;
/** The one that had batches; a client that names none speaks it. */
const WITH_BATCHES = "2025-03-26";

const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

export type Era = "stateless" | "handshake";

/** The era of a request, or what is wrong with it. */
export function eraOf(headers: Headers, { method, params }: Request): Era | Fault {
  const [said, meta] = [headers.get("mcp-protocol-version"), params?.["_meta"]];
  const written = member(meta, [VERSION]);
  if (written === undefined) {
    if (said === null || isOlder(said)) return "handshake";
    if (said !== STATELESS) return unsupported(said, [STATELESS, ...WITH_HANDSHAKE]);
    return invalid(`params._meta lacks ${VERSION}`, 400);
  }
  if (typeof written !== "string") return invalid(`params._meta: ${VERSION} must be text`, 400);
  if (said !== written) return mismatch("MCP-Protocol-Version");
  if (written !== STATELESS) return unsupported(written, [STATELESS]);
  if (typeof member(meta, [CAPABILITIES]) !== "object") return invalid(`params._meta lacks ${CAPABILITIES}`, 400);
  if (headers.get("mcp-method") !== method) return mismatch("Mcp-Method");
  if (method === "tools/call" && nameIn(headers) !== params?.["name"]) return mismatch("Mcp-Name");
  return "stateless";
}

/** Whether a list of messages may come: only where the revision of the headers has them. */
export function takesBatches(headers: Headers): boolean {
  return (headers.get("mcp-protocol-version") ?? WITH_BATCHES) === WITH_BATCHES;
}

/** The revision that a handshake comes to. */
export function agreed(asked: unknown): string {
  return WITH_HANDSHAKE.find((one) => one === asked) ?? WITH_HANDSHAKE[0];
}

function isOlder(version: string): boolean {
  return WITH_HANDSHAKE.some((one) => one === version);
}

/** The header `Mcp-Name`, which is base64 where a name is not plain. */
function nameIn(headers: Headers): string | null {
  const name = headers.get("mcp-name");
  const coded = /^=\?base64\?(.*)\?=$/.exec(name ?? "")?.[1];
  if (coded === undefined) return name;
  const bytes = decodeBase64(coded);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function unsupported(requested: string, supported: readonly string[]): Fault {
  const data = { supported, requested: requested.slice(0, 100) };
  return { status: 400, code: -32022, message: "Unsupported protocol version", data };
}

function mismatch(header: string): Fault {
  return { status: 400, code: -32020, message: `Header mismatch: ${header} is missing, or the body says otherwise` };
}
