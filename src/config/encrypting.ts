// By which keys are the events of sources that encrypt sealed, and is there one where one is needed? Pure.
import { decodeBase64 } from "../bytes/encoding.ts";
import type { VaultKeys } from "../bytes/vault.ts";
import type { ConfiguredSource } from "./configured.ts";
import type * as z from "zod/mini";
import type { sourceKeys } from "./keys.ts";
import { error, warning } from "./findings.ts";
import type { Reading } from "./reading.ts";

const ENCRYPTION_KEY = "ENCRYPTION_KEY";
const ENCRYPTION_KEY_OLD = "ENCRYPTION_KEY_OLD";

/** Of AES-256. */
const KEY_BYTES = 32;
const HOW = "Make one with: openssl rand -base64 32";

/**
 * The keys, asked for where a source encrypts. They are read where none does, too: what was sealed before is still to
 * be opened.
 */
export function readEncryption(sources: Iterable<ConfiguredSource>, reading: Reading): VaultKeys {
  if ([...sources].some((source) => needsKey(source))) reading.asked.add(ENCRYPTION_KEY);
  const [current, old] = [readKey(ENCRYPTION_KEY, reading), readKey(ENCRYPTION_KEY_OLD, reading)];
  const isSame = current !== null && old !== null && current.every((byte, at) => byte === old[at]);
  if (isSame)
    reading.findings.push(
      warning(ENCRYPTION_KEY_OLD, `is the same as ${ENCRYPTION_KEY}: put the former key there, or delete it`),
    );
  const isSet = reading.secret(ENCRYPTION_KEY) !== null;
  const lack = isSet ? `is not ${KEY_BYTES} bytes in base64` : "is not set";
  return { current, old: isSame ? null : old, fault: current === null ? `${ENCRYPTION_KEY} ${lack}` : null };
}

/** Whether events of the source, or the values that are taken out of them, are kept sealed. */
function needsKey({ encrypt, redact }: Pick<ConfiguredSource, "encrypt" | "redact">): boolean {
  return encrypt === true || redact !== undefined;
}

/** Whether any source has values taken out of what is kept. */
export function redacts({ sources }: { readonly sources: ReadonlyMap<string, ConfiguredSource> }): boolean {
  return [...sources.values()].some(({ redact }) => redact !== undefined);
}

type SealKeys = Pick<z.output<typeof sourceKeys>, "encrypt" | "redact" | "hydrate">;

/** How the events of a source are kept, where that is written. */
export function sealingOf({ encrypt, redact }: SealKeys): Pick<ConfiguredSource, "encrypt" | "redact"> {
  const places = (redact ?? []).map((text) => text.split("."));
  const of = (root: string) => places.filter(([one]) => one === root).map(([, ...path]) => path);
  const headers = of("headers").map((path) => path.join(".").toLowerCase());
  return {
    ...(encrypt ? { encrypt: true as const } : {}),
    ...(redact === undefined ? {} : { redact: { headers, body: of("body") } }),
  };
}

/** What is fetched for an event says again what is taken out of it, in a form that nobody knows. */
export function hydratesRedacted(key: string, { redact, hydrate }: SealKeys, { findings }: Reading): boolean {
  if (redact === undefined || hydrate === undefined) return false;
  const says =
    "cannot stand beside hydrate: the object that is fetched may hold what is to be redacted. Use encrypt = true";
  findings.push(error(`${key}.redact`, says));
  return true;
}

function readKey(name: string, { secret, findings }: Reading): Uint8Array<ArrayBuffer> | null {
  const value = secret(name)?.value.trim();
  if (value === undefined) return null;
  const bytes = decodeBase64(value);
  if (bytes?.length === KEY_BYTES) return bytes;
  findings.push(error(name, `is not ${KEY_BYTES} bytes in base64: it is not used. ${HOW}`));
  return null;
}
