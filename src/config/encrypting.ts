// By which keys are the events of sources that encrypt sealed, and is there one where one is needed? Pure.
import { decodeBase64 } from "../bytes/encoding.ts";
import type { VaultKeys } from "../bytes/vault.ts";
import type { ConfiguredSource } from "./configured.ts";
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
  const encrypting = [...sources].filter(({ encrypt }) => encrypt === true).map(({ name }) => name);
  if (encrypting.length > 0) reading.asked.add(ENCRYPTION_KEY);
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

function readKey(name: string, { secret, findings }: Reading): Uint8Array<ArrayBuffer> | null {
  const value = secret(name)?.value.trim();
  if (value === undefined) return null;
  const bytes = decodeBase64(value);
  if (bytes?.length === KEY_BYTES) return bytes;
  findings.push(error(name, `is not ${KEY_BYTES} bytes in base64: it is not used. ${HOW}`));
  return null;
}
