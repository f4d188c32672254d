// Under which key is sealed, and may the old one go? What /health says of encryption.
import type { Vault } from "../bytes/vault.ts";
import type { UnderKey } from "../d1/under-key.ts";
import type { Log } from "../log.ts";

export interface KeyHealthDeps {
  readonly vault: Pick<Vault, "keyIds">;
  readonly underKey: (key: string) => Promise<UnderKey>;
  readonly now: () => number;
  readonly log: Log;
}

/** How long a count is given again, in ms: it reads many rows, and changes by the day. */
const COUNTED_MS = 60 * 60_000;

/** `null` where the relay has no key. Never rejects; counts only while there is an old key. */
export function openKeyHealth({ vault, underKey, now, log }: KeyHealthDeps): () => Promise<object | null> {
  let counted: { readonly at: number; readonly told: UnderKey } | null = null;
  return async () => {
    const { current, old } = await vault.keyIds();
    if (current === null && old === null) return null;
    if (old === null) return { key: current };
    try {
      if (counted === null || now() - counted.at > COUNTED_MS) counted = { at: now(), told: await underKey(old) };
    } catch (error) {
      log.warn("health.uncounted", { key: old, error: String(error) });
    }
    return { key: current, old: { key: old, ...counted?.told } };
  };
}
