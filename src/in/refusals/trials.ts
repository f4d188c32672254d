// What one change would make a refused request verify? Each trial changes one thing, verifies again and, if that
// succeeds, tells the operator what to fix. Pure but for WebCrypto.
import type { VerificationRejection } from "../../errors.ts";
import type { Provider, SecretForm } from "../../scheme/scheme.ts";
import type { Secret } from "../../types.ts";
import type { Inbound } from "../../verify/readings.ts";
import { parseJson } from "../../bytes/json.ts";
import { verify } from "../../verify/verify.ts";

export interface Diagnosis {
  /** The reason of the refusal, or a more precise one. It is stored and filtered by, so it must not be renamed. */
  readonly code: string;
  /** One sentence that says what to do. */
  readonly advice: string;
  /** What the advice says back of the request, and no rejection names: evidence, as everything of a stranger's is. */
  readonly said?: string;
}

/** A refused request, and everything that its verification depended on. */
export interface Case {
  readonly request: Inbound;
  readonly provider: Provider;
  readonly secrets: readonly Secret[];
  readonly settings: Readonly<Record<string, string>>;
  /** In milliseconds. */
  readonly now: number;
}

/** Why the request still fails with something changed; `null` if it verifies. */
export function retried(one: Case, changed: Partial<Case>): Promise<VerificationRejection | null> {
  const { request, provider, secrets, settings, now } = { ...one, ...changed };
  return verify(request, provider, secrets, settings, now).then((verdict) => (verdict.ok ? null : verdict.rejection));
}

async function fits(one: Case, changed: Partial<Case>): Promise<boolean> {
  return (await retried(one, changed)) === null;
}

/** Encodings that a secret is often mistaken to be in. */
const FORMS: readonly SecretForm[] = ["text", "base64", "hex", "whsec", "after-colon"];

/** Mistakes made when a secret is pasted: what is added or lost, and how to fix it. */
const SPELLINGS: readonly {
  readonly code: string;
  readonly other: (value: string) => string;
  readonly advice: string;
}[] = [
  {
    code: "secret_has_spaces",
    other: (value) => value.trim(),
    advice: "has a space or a line break at one end. Put it again without",
  },
  {
    code: "secret_has_quotes",
    other: (value) => value.trim().replace(/^(["'`])(.*)\1$/s, "$2"),
    advice: "stands in quotes, which are taken as part of it. Put it again without",
  },
  {
    code: "secret_has_name",
    other: (value) => value.trim().replace(/^[A-Z][A-Z0-9_]*=["']?(.*?)["']?$/s, "$1"),
    advice: "begins with a name and =, as in a file of variables. Put what stands behind the = alone",
  },
  {
    code: "secret_has_scheme",
    other: (value) => value.trim().replace(/^(?:Bearer|Basic|Token) +/i, ""),
    advice: "begins with a word such as Bearer, which is not part of it. Put it again without",
  },
  {
    code: "secret_lacks_prefix",
    other: (value) => `whsec_${value.trim()}`,
    advice: "lacks the whsec_ that it begins with. Copy it again, whole",
  },
  {
    code: "secret_has_prefix",
    other: (value) => value.trim().replace(/^(?:v1,)?whsec_/, ""),
    advice: "begins with whsec_, which this sender does not write. Put it again without",
  },
];

/** Whether the request verifies with a secret once a pasting mistake is undone, or with another encoding of it. */
export async function secretFault(one: Case): Promise<Diagnosis | null> {
  const { provider, secrets } = one;
  for (const secret of secrets) {
    for (const { code, other, advice } of SPELLINGS) {
      const value = other(secret.value);
      if (value === secret.value || value === "" || !(await fits(one, { secrets: [{ ...secret, value }] }))) continue;
      return { code, advice: `${secret.name} ${advice}.` };
    }
  }
  const taken = provider.secret ?? "text";
  for (const form of FORMS) {
    if (form === taken || !(await fits(one, { provider: { ...provider, secret: form } }))) continue;
    const advice = `The secret fits when it is read as ${form}, but ${provider.name} is set up to read it as ${taken}: check which sender this is.`;
    return { code: "secret_form", advice };
  }
  return null;
}

/** Prefixes of API keys, which authenticate a client and never sign a webhook (Stripe, GitHub, Slack, Shopify …). */
const API_KEY = /^(?:sk|pk|rk)_(?:live|test)_|^(?:ghp|gho|ghs|github_pat)_|^xox[abp]-|^shp(?:at|ss|ca)_|^SG\.|^sk-/;

/** The last resort, once no other spelling of any secret and no change of the request verifies. */
export function wrongSecret({ request, provider, secrets }: Case): Diagnosis {
  const api = secrets.find(({ value }) => API_KEY.test(value.trim()));
  if (api !== undefined) {
    const advice = `${api.name} holds what looks like an API key, which signs nothing: put the signing secret that ${provider.name} shows for this very endpoint.`;
    return { code: "secret_is_api_key", advice };
  }
  const names = secrets.map(({ name }) => name).join(", ");
  const live = /"livemode"\s*:\s*(true|false)/.exec(new TextDecoder().decode(request.body.subarray(0, 64 * 1024)))?.[1];
  const mode =
    live === undefined ? "" : ` This one says livemode ${live}: test and live mode have secrets of their own.`;
  const advice = `None of the secrets fits (${names}): copy the one that ${provider.name} shows for this very endpoint.${mode}`;
  return { code: "wrong_secret", advice };
}

/**
 * The parsed body, within limits stricter than usual: indenting adds two spaces per level to every element, so a small
 * but deeply nested body would become a huge one.
 */
function rewritable(text: string): unknown {
  return parseJson(text, 10_000, 32);
}

/** What proxies and body parsers do to a body on the way. */
const REWRITINGS: Readonly<Record<string, (text: string) => string>> = {
  "no byte order mark": (text) => text.replace(/^\uFEFF/, ""),
  "a line break at the end": (text) => `${text}\n`,
  "no white space at the ends": (text) => text.trim(),
  "other line breaks": (text) =>
    text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text.replaceAll("\n", "\r\n"),
  "its JSON made compact": (text) => JSON.stringify(rewritable(text)) ?? text,
  "its JSON indented": (text) => JSON.stringify(rewritable(text), null, 2) ?? text,
  "spaces behind its commas and colons": spaced,
  "characters beyond ASCII escaped": (text) =>
    text.replaceAll(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "its slashes escaped": (text) => text.replaceAll("/", "\\/"),
};

/** The body as Python's json.dumps writes it, with a space after each comma and colon. */
function spaced(text: string): string {
  const value = rewritable(text);
  const write = (one: unknown): string => {
    if (Array.isArray(one)) return `[${one.map(write).join(", ")}]`;
    if (typeof one !== "object" || one === null) return JSON.stringify(one);
    return `{${Object.entries(one)
      .map(([key, inner]) => `${JSON.stringify(key)}: ${write(inner)}`)
      .join(", ")}}`;
  };
  return value === undefined ? text : write(value);
}

/** Largest body, in bytes, for which the rewritings are tried. */
const REWRITE_LIMIT = 256 * 1024;

export async function bodyFault(one: Case): Promise<Diagnosis | null> {
  const { request, provider } = one;
  if (request.body.length === 0 && (provider.signs ?? "{body}").includes("{body")) {
    const advice =
      "The body is empty: a redirect or a proxy has dropped it, or a test tool sent none. Post the body that was signed.";
    return { code: "body_empty", advice };
  }
  if (request.body.length > REWRITE_LIMIT) return null;
  const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(request.body);
  for (const [what, rewrite] of Object.entries(REWRITINGS)) {
    const other = rewrite(text);
    const body = new TextEncoder().encode(other);
    if (other === text || !(await fits(one, { request: { ...request, body } }))) continue;
    const advice = `The signature fits the body with ${what}: something between the sender and Hookline rewrites it. Let the bytes through as they are.`;
    return { code: "body_reencoded", advice };
  }
  return null;
}

export async function urlFault(one: Case): Promise<Diagnosis | null> {
  const { request, provider } = one;
  if (!/\{(url|target|form-appended)/.test(provider.signs ?? "")) return null;
  const { url } = request;
  const [base = ""] = url.split("?");
  const others = [url.replace(/^https:/, "http:"), base, base.endsWith("/") ? base.slice(0, -1) : `${base}/`];
  for (const other of others) {
    if (other === url || !(await fits(one, { request: { ...request, url: other } }))) continue;
    const advice = `${provider.name} signs the URL, and it signed another spelling of it: set public_url to exactly what is entered there.`;
    return { code: "public_url", advice };
  }
  return null;
}

/** Largest body, in bytes, for which other schemes are tried. */
const SCHEME_LIMIT = 64 * 1024;

const ENCODINGS = ["hex", "base64", "base64url"] as const;
const ALGORITHMS = ["hmac-sha256", "hmac-sha1", "hmac-sha512", "hmac-sha384"] as const;
const UNITS = ["s", "ms", "iso"] as const;
const SIGNED = ["{body}", "{timestamp}.{body}", "{timestamp}{body}"];

/** Tries the scheme with one field changed: finds mistakes in an operator's own table or in the settings of `hmac`. */
export async function schemeFault(one: Case): Promise<Diagnosis | null> {
  const { provider, request } = one;
  const { signature, timestamp } = provider;
  if (request.body.length > SCHEME_LIMIT) return null;
  const others: { readonly provider: Provider; readonly says: string }[] = [];
  const tryOut = (change: Partial<Provider>, says: string) =>
    others.push({ provider: { ...provider, ...change }, says });
  for (const encoding of ENCODINGS) {
    if (encoding === (signature.encoding ?? "hex")) continue;
    tryOut(
      { signature: { ...signature, encoding } },
      `its signature is read as ${encoding}, and not as ${signature.encoding ?? "hex"}`,
    );
  }
  const taken = ALGORITHMS.find((name) => name === provider.algorithm);
  if (taken !== undefined) {
    for (const algorithm of ALGORITHMS) {
      if (algorithm !== taken) tryOut({ algorithm }, `the algorithm is ${algorithm}, and not ${taken}`);
    }
    for (const signs of SIGNED) {
      if (timestamp === undefined && signs !== "{body}") continue;
      if (signs !== (provider.signs ?? "{body}"))
        tryOut({ signs }, `${signs} is what is signed, and not ${provider.signs ?? "{body}"}`);
    }
  }
  if (timestamp !== undefined) {
    for (const unit of UNITS) {
      if (unit !== (timestamp.unit ?? "s"))
        tryOut(
          { timestamp: { ...timestamp, unit } },
          `the unit of its time is ${unit}, and not ${timestamp.unit ?? "s"}`,
        );
    }
  }
  for (const { provider: other, says } of others) {
    if (!(await fits(one, { provider: other }))) continue;
    const advice = `The request is right if ${says}: is this ${provider.name}, and in its current version? In a scheme of your own, write it so.`;
    return { code: "scheme_differs", advice };
  }
  return null;
}

/** Whether a malformed signature can be read once its missing prefix is waived or an unexpected one is removed. */
export async function prefixFault(one: Case, where: string): Promise<Diagnosis | null> {
  const { request, provider } = one;
  const { prefix, ...rest } = provider.signature;
  const name = /^header:([^|]+)$/.exec(where)?.[1];
  const value = name === undefined ? "" : (request.headers.get(name) ?? "").trim();
  if (prefix !== undefined && !value.startsWith(prefix)) {
    const seen = await retried(one, { provider: { ...provider, signature: rest } });
    if (seen?.reason === "signature_malformed") return null;
    const right = seen === null ? "The signature is right, but what" : "What";
    const advice = `${right} stands at ${where} lacks the ${prefix.trim()} that ${provider.name} writes before it: send it whole, and let nothing on the way shorten it.`;
    return { code: "prefix_missing", advice };
  }
  const found =
    prefix === undefined && (rest.format ?? "plain") === "plain"
      ? /^[A-Za-z][\w-]{0,20}[= ]/.exec(value)?.[0]
      : undefined;
  if (found === undefined) return null;
  const seen = await retried(one, { provider: { ...provider, signature: { ...rest, prefix: found } } });
  if (seen?.reason === "signature_malformed") return null;
  const advice = `What stands at ${where} begins with ${found.trim()}, which ${provider.name} is not set up for: write prefix = ${JSON.stringify(found)} beside its header, or check which sender this is.`;
  return { code: "prefix_unexpected", advice };
}
