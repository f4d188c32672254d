// What does a destination sign with? Its keys, as its format takes them. Touches nothing.
import { ownSeed } from "../out/ed25519.ts";
import { needsKey } from "../out/formats.ts";
import { ownKey } from "../out/sign.ts";
import type { As, Format } from "../scheme/shape.ts";
import type { SigningKey } from "../types.ts";
import { parsesAsKey } from "../verify/parses-as-key.ts";
import { secretBytes } from "../verify/secret.ts";
import { error } from "./findings.ts";
import type { Reading } from "./reading.ts";

/** Shortest secret of a destination's own, in bytes (Standard Webhooks: 24 to 64). */
const SHORTEST_KEY = 24;

/** Whether a text is a key for this format, and what to put where it is none. */
function judged(format: Format, as?: As): { readonly takes: (secret: string) => boolean; readonly fix: string } {
  if (as !== undefined)
    return {
      takes: (secret) => (secretBytes(secret, as.scheme.secret ?? "text")?.length ?? 0) > 0 && !parsesAsKey(secret),
      fix: `Put one as ${as.scheme.name} writes it`,
    };
  if (format === "standard-v1a")
    return { takes: (secret) => ownSeed(secret) !== null, fix: "Put whsk_ and the base64 of 32 random bytes" };
  return {
    takes: (secret) => (ownKey(secret)?.length ?? 0) >= SHORTEST_KEY,
    fix: `Put whsec_ and the base64 of ${SHORTEST_KEY} random bytes or more`,
  };
}

/** Signing keys, newest first. Without any, attempts wait for the secret to be put; nothing is sent unsigned. */
export function readKeys(
  key: string,
  own: string | undefined,
  format: Format,
  { secret, asked, findings }: Reading,
  as?: As,
): SigningKey[] | null {
  if (as !== undefined && own === undefined) {
    const says = `is needed: ${as.scheme.name} signs with a secret that its receiver knows. Write secret = "NAME", and put it with npx wrangler secret put NAME`;
    findings.push(error(`${key}.secret`, says));
    return null;
  }
  if (!needsKey(format)) {
    if (own === undefined) return [];
    findings.push(error(`${key}.secret`, `signs nothing: format is "${format}". Leave it out`));
    return null;
  }
  if (own === undefined) {
    asked.add("SIGNING_KEY");
    return ["SIGNING_KEY", "SIGNING_KEY_OLD"].flatMap((name) => {
      const from = secret(name);
      return from === null ? [] : [{ kind: "derived", from }];
    });
  }
  asked.add(own);
  const { takes, fix } = judged(format, as);
  return [own, `${own}_OLD`].flatMap((name) => {
    const held = secret(name);
    if (held === null) return [];
    if (takes(held.value)) return [{ kind: "own", secret: held }];
    findings.push(error(`${key}.secret`, `${name} is not a key. ${fix}`));
    return [];
  });
}
