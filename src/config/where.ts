// Where does a destination's event go? To a URL, to the relay's own inspector, to a binding, or to whoever listens.
// Pure.
import type * as z from "zod/mini";
import { destinationUrl } from "../net/egress.ts";
import { keyFault, USUAL_KEY } from "../out/object-key.ts";
import { parseScript, YES } from "../out/script.ts";
import type { Binding, Script } from "../types.ts";
import { error, show } from "./findings.ts";
import type { destinationKeys } from "./keys.ts";
import type { Reading } from "./reading.ts";

type Keys = z.output<typeof destinationKeys>;

/** What the keys came to. */
interface Where {
  /** `null` where there is none: an inspector's, a queue's, and one whose secret is not there or wrong. */
  readonly url: string | null;
  /** What an inspector answers, `null` for any other destination. */
  readonly script: Script | null;
  readonly binding: Binding | null;
}

/** The keys of which a destination has one. */
const KINDS = ["url", "url_secret", "inspect", "service", "queue", "r2", "email", "tunnel"] as const;

/** The relay's own bindings: what is sent there would be taken for its own. */
const OWN = new Set(["DB", "DELIVERIES", "DEAD_LETTERS", "INTAKE", "FEED", "LIMITER", "TUNNEL", "FLOOD_GUARD"]);

/** `null` with a finding where the keys are wrong. @param name of the destination */
export function readWhere(key: string, name: string, keys: Keys, reading: Reading): Where | null {
  const { service, queue, r2, email } = keys;
  const script = readScript(key, keys, reading);
  // A service may be told which URL it is asked for.
  const kinds = KINDS.filter((kind) => keys[kind] !== undefined && !(kind === "url" && service !== undefined));
  if (kinds.length !== 1) {
    const says =
      'is needed, or url_secret, inspect, service, queue, r2, email or tunnel. Write one of them: url = "https://…"';
    reading.findings.push(error(`${key}.url`, says));
    return null;
  }
  if (keys.tunnel === true) {
    if (stray(key, keys, [["key", "is for a bucket"]], reading) || script === undefined) return null;
    return { url: `https://${name}.tunnel/`, script, binding: { kind: "tunnel", name } };
  }
  const bound = service ?? queue ?? r2 ?? email;
  if (bound === undefined) {
    const url = stray(key, keys, [["key", "is for a bucket"]], reading) ? undefined : readUrl(key, keys, reading);
    return url === undefined || script === undefined ? null : { url, script, binding: null };
  }
  if (script === undefined) return null;
  if (OWN.has(bound)) {
    const says = `${show(bound)} is the relay's own: what is sent there would be taken for something else. Name a binding of yours`;
    reading.findings.push(error(`${key}.${kinds[0] ?? ""}`, says));
    return null;
  }
  const binding = readBinding(key, keys, reading);
  if (binding === null) return null;
  if (binding.kind !== "service") return { url: null, script, binding };
  const url = keys.url === undefined ? `https://${name}.service/` : readUrl(key, keys, reading);
  return url === undefined ? null : { url, script, binding };
}

/** What neither a message nor an object has. */
const NO_REQUEST: readonly Stray[] = [
  ["method", "is of a request, and there is none"],
  ["query", "is of a URL, and there is none"],
  ["members", "is for a receiver that asks for a credential, and there is none"],
];

/** What an e-mail has not either: it is made of the body's members alone. */
const NO_EMAIL: readonly Stray[] = [
  ["headers", "is of a request. A message's headers go in the body, under headers"],
  ["content_type", "is of a request, and there is none"],
  ["format", "is of a request: an e-mail carries no signature"],
  ["as", "is of a request: an e-mail carries no signature"],
  ["gzip", "is of a request, and there is none"],
];

type Stray = readonly [
  name: "key" | "method" | "query" | "members" | "headers" | "content_type" | "format" | "as" | "gzip",
  why: string,
];

/** Whether there are keys that mean nothing here; each is a finding. */
function stray(key: string, keys: Keys, unwanted: readonly Stray[], { findings }: Reading): boolean {
  const found = unwanted.filter(([name]) => keys[name] !== undefined);
  findings.push(...found.map(([name, why]) => error(`${key}.${name}`, `${why}. Leave it out`)));
  return found.length > 0;
}

function readBinding(key: string, keys: Keys, reading: Reading): Binding | null {
  const { service, queue, r2, email, key: template = USUAL_KEY } = keys;
  const unwanted: Stray[] = [];
  if (r2 === undefined) unwanted.push(["key", "is for a bucket"]);
  if (service === undefined) unwanted.push(...NO_REQUEST);
  if (email !== undefined) unwanted.push(...NO_EMAIL);
  if (stray(key, keys, unwanted, reading)) return null;
  if (service !== undefined) return { kind: "service", name: service };
  if (queue !== undefined) return { kind: "queue", name: queue };
  if (email !== undefined) return { kind: "email", name: email };
  const fault = keyFault(template);
  if (fault === null) return { kind: "r2", name: r2 ?? "", key: template };
  // Under this name a secret is looked for, so that what stands there is not repeated.
  reading.findings.push(error(`${key}.key`, fault));
  return null;
}

/** What an inspector answers, `null` for any other destination; `undefined` where the keys are wrong. */
function readScript(key: string, { inspect, script }: Keys, { findings }: Reading): Script | null | undefined {
  if (inspect === undefined && script === undefined) return null;
  if (inspect === undefined) {
    findings.push(
      error(`${key}.script`, "is for an inspector. Write inspect = true in the place of the URL, or leave it out"),
    );
    return undefined;
  }
  const read = script === undefined ? { script: YES } : parseScript(script);
  if ("script" in read) return read.script;
  findings.push(error(`${key}.script`, read.wrong));
  return undefined;
}

/**
 * The URL, or `null` where there is none: an inspector's, and one whose secret is not there or wrong.
 * `undefined` where the keys are wrong.
 */
function readUrl(
  key: string,
  { url, url_secret: name, inspect }: Keys,
  { secret, loopback, asked, findings }: Reading,
): string | null | undefined {
  if (inspect === true) return null;
  if (url !== undefined) {
    const judged = destinationUrl(url, { loopback });
    if (judged.ok) return url;
    // Credentials are no secret in this file, but they need not be in a log as well.
    findings.push(error(`${key}.url`, `${url.includes("@") ? "the URL" : show(url)} ${judged.why}`));
    return undefined;
  }
  asked.add(name ?? "");
  const held = secret(name ?? "");
  if (held === null) return null;
  const judged = destinationUrl(held.value, { loopback });
  if (judged.ok) return held.value;
  findings.push(error(`${key}.url_secret`, `the URL in ${held.name} ${judged.why}`));
  return null;
}
