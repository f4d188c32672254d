// What is known about a sender, in sentences made from the provider data alone,
// for pages, terminal and documentation. Pure.

import { idIsSigned } from "./derived.ts";
import { handshakeFacts } from "./handshake-facts.ts";
import { confidenceLabel, type Provider, type SecretForm } from "./scheme.ts";
import { settingsOf } from "./settings.ts";

/** Sentences are Markdown: names that belong to the protocol stand between backticks. */
export interface ProviderFacts {
  readonly id: string;
  readonly name: string;
  /** How the facts were established. */
  readonly provenBy: string;
  /** Title or place of the sender's own documentation. */
  readonly docs: string | null;
  /** Such as `HMAC-SHA-256`. */
  readonly scheme: string;
  readonly secret: string;
  readonly signed: string;
  readonly notSigned: string;
  /** Such as `5 min` or `its expiry`; `null` where the age of a request is not judged. */
  readonly tolerance: string | null;
  readonly type: string;
  /** What makes a repeat, in a few words and in a sentence. */
  readonly repeats: { readonly short: string; readonly long: string };
  readonly handshakes: readonly string[];
  readonly addresses: string | null;
  /** What has to be set or known beside the secret. */
  readonly limits: readonly string[];
}

const SECRETS: Readonly<Record<SecretForm, string>> = {
  text: "text, as the sender shows it",
  hex: "hexadecimal digits",
  base64: "base64",
  whsec: "`whsec_…`, base64 behind the prefix",
  "whsec-or-text": "`whsec_…` (base64), or text without that prefix",
  "after-colon": "`id:secret`; what stands behind the colon is the key",
  oauth1: "text, as the sender shows it; the key has an `&` behind it, as in OAuth 1 (RFC 5849, 3.4.2)",
  sha1: "text, as the sender shows it; its SHA-1 is the key",
  html: "text, as the sender shows it, HTML entities undone",
  "user:password": "`user:password`",
  public: "the sender's public key (PEM, certificate, JWK, base64 or hexadecimal)",
  "public-or-text": "the sender's public key, or the shared secret",
};

const FORMATS = {
  list: "one of several",
  named: "behind the name of the hash",
  "after-timestamp": "behind the timestamp",
  rfc9421: "as an HTTP message signature (RFC 9421)",
  cavage: "as an HTTP signature (the draft before RFC 9421)",
} as const;

/**
 * The facts about any provider, one of the operator's own too; `dedupeWindowMs` is the window of a source that has one.
 */
export function factsOf(id: string, provider: Provider, dedupeWindowMs: number | null = null): ProviderFacts {
  return {
    id,
    name: provider.name,
    provenBy: confidenceLabel[provider.confidence ?? "unverified"],
    docs: provider.docs ?? null,
    scheme: schemeOf(provider),
    secret: secretOf(provider),
    signed: signedOf(provider),
    notSigned: provider.uncovered ?? `Other headers${signsUrl(provider) ? "" : ", the URL"}.`,
    tolerance: toleranceOf(provider),
    type: written(provider.type ?? "unknown"),
    repeats: repeatsOf(provider, dedupeWindowMs),
    handshakes: handshakeFacts(provider),
    addresses: addressesOf(provider),
    limits: limitsOf(provider),
  };
}

/** A template or place as code; control characters as they are written in TOML. */
function written(text: string): string {
  return `\`${text.replaceAll("\n", "\\n")}\``;
}

function schemeOf({ algorithm, jwt, signature }: Provider): string {
  if (typeof algorithm !== "string") return [...new Set(Object.values(algorithm.of).map(label))].join(" or ");
  if (algorithm === "jwt" || algorithm === "jws-detached") return `JWT ${(jwt?.algorithms ?? []).join(" ")}`;
  if (algorithm === "token" && signature.at === "header:Authorization") return "token (Authorization)";
  return label(algorithm);
}

function label(algorithm: string): string {
  const names: Record<string, string> = { ed25519: "Ed25519", token: "token", basic: "HTTP Basic" };
  return names[algorithm] ?? algorithm.toUpperCase().replace("SHA", "SHA-").replace("P-256-", "P-256 ");
}

function secretOf(provider: Provider): string {
  const form = provider.secret ?? (provider.algorithm === "basic" ? "user:password" : "text");
  if (provider.keys === undefined) return SECRETS[form];
  if (provider.keys.send !== undefined || provider.keys.login !== undefined)
    return "`client id:client secret`, with which the sender's keys are fetched; or a public key of the sender";
  return `none, the key is fetched from the sender; or ${SECRETS[form]}`;
}

function signedOf(provider: Provider): string {
  const { algorithm, signature, jwt } = provider;
  const at = [signature.at].flat().flatMap(alternatives).join(" or ");
  if (algorithm === "token" || algorithm === "basic") return `Nothing: the secret itself is in ${at}.`;
  const over = overOf(provider);
  if (jwt !== undefined) return `${schemeOf(provider)} in ${at}, ${over}.`;
  return `${schemeOf(provider)} in ${at}${shapeOf(signature)}, over ${over}.`;
}

function shapeOf({ format = "plain", key, tag, prefix, encoding = "hex", der, equals = "=" }: Provider["signature"]) {
  const digits = { hex: "hexadecimal", base64: "base64", base64url: "base64url" }[encoding];
  const text = `${prefix ?? ""}…`;
  if (format === "pairs") return ` as ${written(`${key}${equals}${text}`)} (${digits})`;
  if (format === "tagged") return ` as ${written(`${tag ?? "v1"},${text}`)} (${digits})`;
  if (format === "envelope") return ` as member ${written(key ?? "signature")} of a JSON object in base64`;
  const how = format === "plain" ? "" : ` ${FORMATS[format]}`;
  return `${how}${prefix === undefined ? "" : ` as ${written(text)}`} (${digits}${der === true ? ", DER" : ""})`;
}

function overOf({ algorithm, signs, sorted, jwt, bodyHash, each, signature }: Provider): string {
  if (signature.format === "rfc9421" || signature.format === "cavage")
    return `what the signature lists, ${(signature.covers ?? []).map(written).join(", ")} at least, and so the body`;
  if (sorted !== undefined) return `${sorted.map(written).join(", ")}, sorted and joined`;
  if (jwt !== undefined && algorithm === "jwt") {
    const claims = [
      ...(jwt.bodyHash === undefined ? [] : [`${written(jwt.bodyHash.claim)} is the SHA-256 of the body`]),
      ...(jwt.urlHash === undefined ? [] : [`${written(jwt.urlHash)} that of the URL`]),
      ...(jwt.queryHash === undefined ? [] : [`${written(jwt.queryHash)} binds method, path and query`]),
    ];
    if (claims.length > 0) return `whose ${claims.join(", ")}`;
    return signature.at === "body" ? "which is the whole body" : "which says who sent it";
  }
  const content = contentOf(signs ?? "{body}");
  const hash = bodyHash === undefined ? "" : `, and ${alternatives(bodyHash.at).join(" or ")} is the body's SHA-256`;
  return `${jwt === undefined ? "" : "over "}${content}${each === undefined ? "" : ` of each element of ${written(each)}`}${hash}`;
}

/** One place is named in words, anything composed is shown as it is. */
function contentOf(signs: string): string {
  const place = /^\{(form-only:[^{}]+|body)\}$/.exec(signs)?.[1];
  return place === undefined ? written(signs) : alternatives(place).join(" or ");
}

/** `header:X-Signature` as a phrase. */
function alternatives(place: string): string[] {
  return place.split("|").map((one) => {
    const colon = one.indexOf(":");
    if (colon < 0) return `the ${one}`;
    const [source, name] = [one.slice(0, colon), one.slice(colon + 1)];
    const nouns: Record<string, string> = {
      header: "header",
      query: "query parameter",
      form: "form field",
      "form-only": "only form field",
      json: "JSON",
    };
    return nouns[source] === undefined ? written(one) : `${nouns[source]} ${written(name)}`;
  });
}

function toleranceOf({ timestamp, jwt }: Provider): string | null {
  const seconds = timestamp?.tolerance ?? jwt?.maxAge;
  if (seconds !== undefined)
    return `${spoken(seconds)}${timestamp?.toleranceBy === "relay" ? " (the relay's own)" : ""}`;
  return jwt?.expires === true ? "its expiry" : null;
}

function spoken(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function repeatsOf(provider: Provider, windowMs: number | null): ProviderFacts["repeats"] {
  const { id, idShared, idNames } = provider;
  if (id === undefined)
    return {
      short: "not told apart",
      long: "There is no id of an event: each request is an event of its own, repeats too. `dedupe` of a source chooses otherwise.",
    };
  const within = windowMs === null ? "" : ` Within the same ${spoken(windowMs / 1000)} of the clock only.`;
  if (id === "{body-sha256-hex}") return { short: "body", long: `Same body.${within}` };
  const same = `Same ${written(id)}`;
  const source = idNames === undefined ? within : ` It names ${NAMED[idNames.what]} (${idNames.by}).`;
  if (provider.message !== undefined)
    return {
      short: "id",
      long: `${same}, or the \`id\` of the message. With another content it is refused: 422.${within}`,
    };
  if (idShared === true)
    return { short: "id and body", long: `${same} and same body: the id alone may stand for several events.${source}` };
  if (idIsSigned(provider)) return { short: "id", long: `${same}, which is under the signature.${source}` };
  return { short: "id and body", long: `${same} and same body: the id is not under the signature.${source}` };
}

/** What an id names, as the end of a sentence. */
const NAMED: Readonly<Record<NonNullable<Provider["idNames"]>["what"], string>> = {
  event: "an event",
  delivery: "a delivery",
  batch: "the first event of a batch",
  version: "a thing and a time or state of it",
};

function addressesOf({ networks, addresses }: Provider): string | null {
  const admits = '`allow = ["provider"]` admits';
  if (networks?.urls !== undefined)
    return `${admits} the networks at ${networks.urls.join(" and ")}, and follows changes.`;
  if (networks?.fixed !== undefined) return `${admits} ${networks.fixed.map(written).join(", ")}.`;
  if (addresses === undefined) return null;
  const where = addresses.startsWith("published") ? `the sender's documentation` : addresses;
  return `${where}; no list that a program can read: write the networks under \`allow\`.`;
}

function limitsOf(provider: Provider): string[] {
  const text = JSON.stringify(provider);
  const limits: string[] = [];
  const settings = settingsOf(provider);
  const [needed, others] = [true, false].map((one) =>
    settings.filter((read) => read.needed === one).map(({ name }) => written(name)),
  );
  if (needed?.length) limits.push(`Needs ${needed.join(", ")} under the source's \`settings\`.`);
  if (others?.length) limits.push(`Takes ${others.join(", ")} from the source's \`settings\`, if it is there.`);
  if (signsUrl(provider)) limits.push("Signs the URL: set `public_url` to the one that the sender was given.");
  if (text.includes('"token":"'))
    limits.push("Its verify token is a second secret, with a name that ends in `_VERIFY_TOKEN`.");
  if (provider.message !== undefined)
    limits.push("Its body is a message of `type`, `timestamp`, `data` and `id`, unless a header names the type.");
  if (provider.keys !== undefined) limits.push(...keyLimits(provider.keys));
  const refused = provider.replies?.refused?.status;
  if (refused !== undefined) limits.push(`A refused request is answered with ${refused}, as the sender asks.`);
  const accepted = provider.replies?.accepted?.text?.replaceAll(/([{}[\]])\1/g, "$1");
  if (accepted !== undefined)
    limits.push(`An accepted request is answered with ${written(accepted)}, as the sender asks.`);
  const awaited = provider.replies?.awaited;
  if (awaited !== undefined)
    limits.push(
      `It waits ${awaited.withinMs / 1_000} s for an answer, which may be a destination's (\`reply\` of a route).`,
    );
  if (provider.confidence === "unverified")
    limits.push("Nobody has checked these facts yet: try them with a real request before you rely on them.");
  return limits;
}

function keyLimits({ host, path, subject }: NonNullable<Provider["keys"]>): string[] {
  const where = `Its keys are taken from URLs whose host matches ${written(host)} and whose path matches ${written(path)}, without a query.`;
  if (subject === undefined) return [where];
  return [where, `A certificate must be issued to ${subject.map(written).join(" or ")}.`];
}

function signsUrl({ signs = "", sorted = [], jwt, handshake = [], signature }: Provider): boolean {
  const templates = [signs, ...sorted, ...handshake.flatMap(({ compute }) => compute?.over ?? [])].join("");
  if (jwt?.urlHash !== undefined || jwt?.queryHash !== undefined) return true;
  return (
    /\{(?:url|target|form-appended|query-sorted|signing-string|signature-base)/.test(templates) ||
    signature.format === "cavage"
  );
}
