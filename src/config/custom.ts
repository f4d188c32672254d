// A sender that the catalogue does not know: the short forms `hmac`, `token` and `bearer`, and a table of one's own.
// Pure; zod runs here.

import * as z from "zod/mini";
import { type Fault, faultsOf, suggest } from "./findings.ts";
import { words } from "./wording.ts";
import { findProvider, providerIds } from "../providers/catalogue.ts";
import { placesIn, parseTemplate, templateFault } from "../scheme/template.ts";
import { oracleFault } from "../scheme/oracle.ts";
import { providerSchema, type Provider } from "../scheme/scheme.ts";

// zod/mini has no words of its own: without this line every fault of a description is "Invalid input".
z.config({ localeError: words });

/** Either a provider, or what is wrong with its description: places in the source's table, each with a sentence. */
export type Resolved =
  | {
      readonly ok: true;
      readonly provider: Provider;
      readonly id: string;
      /** Described by `settings` alone, which then hold nothing for templates. */
      readonly short: boolean;
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** For whoever does not find a sender by its name. */
const WAY_OUT =
  'For a sender that the catalogue lacks, write provider = "hmac" or "token" with settings, or a table of its own (docs/own-provider.md); for your own app, "bearer"';

const header = z
  .string()
  .check(z.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is no header name. Write it as "X-Signature"'));
const seconds = z.coerce.number().check(z.positive());

/** Settings of `provider = "hmac"`. */
const hmacSettings = z.strictObject({
  header,
  algorithm: z._default(z.enum(["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"]), "hmac-sha256"),
  encoding: z._default(z.enum(["hex", "base64", "base64url"]), "hex"),
  prefix: z.optional(z.string().check(z.minLength(1))),
  secret: z._default(z.enum(["text", "hex", "base64", "whsec"]), "text"),
  timestamp: z.optional(header),
  unit: z._default(z.enum(["s", "ms", "iso"]), "s"),
  tolerance: z._default(seconds, 300),
  signs: z.optional(z.string().check(z.minLength(1))),
  type: z.optional(z.string().check(z.minLength(1))),
  id: z.optional(z.string().check(z.minLength(1))),
});

/**
 * Settings of `provider = "token"`: one of `header` and `query`,
 * or neither for HTTP Basic credentials (`user:password`).
 */
const tokenSettings = z.strictObject({
  header: z.optional(header),
  query: z.optional(z.string().check(z.minLength(1))),
  prefix: z.optional(z.string().check(z.minLength(1))),
  type: z.optional(z.string().check(z.minLength(1))),
  id: z.optional(z.string().check(z.minLength(1))),
});

const bearerSettings = z.strictObject({});

/** `provider = "bearer"`, an app of the operator's own: its token, and headers for what the body does not say. */
const BEARER: Provider = {
  name: "Your own app",
  algorithm: "token",
  signature: { at: "header:Authorization", prefix: "Bearer " },
  message: "own",
  type: "{header:Hookline-Event-Type|header:X-Event-Type|header:Ce-Type|json:type}",
  id: "{header:Idempotency-Key|header:Webhook-Id|header:X-Event-Id|header:Ce-Id}",
  uncovered: "Everything: a token proves who sent a request, not what it says.",
  docs: "docs/sending.md",
};

/**
 * The provider that a source names or describes. `described` is the value of the source's `provider` key: a name of the
 * catalogue, `hmac` or `token` with their `settings`, `bearer`, or a table in the form of `scheme.ts`, which may begin
 * from another provider with `like`.
 */
export function resolveProvider(described: unknown, settings: Readonly<Record<string, unknown>> = {}): Resolved {
  if (described === "hmac") return checked("hmac", hmacSettings.safeParse(settings), fromHmac, ["settings"]);
  if (described === "token") return checked("token", tokenSettings.safeParse(settings), fromToken, ["settings"]);
  if (described === "bearer") return checked("bearer", bearerSettings.safeParse(settings), () => BEARER, ["settings"]);
  if (typeof described === "string") {
    const provider = findProvider(described);
    return provider === null
      ? fault(["provider"], unknownProvider(described))
      : { ok: true, provider, id: described, short: false };
  }
  if (described === undefined)
    return fault(
      ["provider"],
      `is missing. Write provider = "github" or another name of docs/providers.md. ${WAY_OUT}`,
    );
  if (typeof described !== "object" || described === null || Array.isArray(described))
    return fault(
      ["provider"],
      `is neither a name nor a table. Write the name of one, such as provider = "github". ${WAY_OUT}`,
    );
  const { like, ...own } = { like: undefined, ...described };
  const base = typeof like === "string" ? findProvider(like) : null;
  if (like !== undefined && base === null)
    return fault(
      ["provider", "like"],
      `is not in the catalogue.${suggestSender(String(like))} Or leave it out, and describe all of the sender`,
    );
  const { confidence: _confidence, addresses: _addresses, networks: _networks, docs: _docs, ...kept } = base ?? {};
  return checked("custom", providerSchema.safeParse({ ...kept, ...own }), (provider) => provider, ["provider"]);
}

function unknownProvider(name: string): string {
  return `is not in the catalogue.${suggestSender(name)} ${WAY_OUT}`;
}

/** By a slip of the pen, by the name that people write, or by a part of either: `sns` is in `aws-sns`. */
function suggestSender(wrong: string): string {
  const names = [...providerIds(), "hmac", "token", "bearer"];
  const word = plainly(wrong);
  const alike = names.filter(
    (id) => word.length > 2 && (plainly(id).includes(word) || plainly(findProvider(id)?.name ?? "").includes(word)),
  );
  const slip = suggest(wrong, names);
  if (slip.startsWith(" Did you mean") || alike.length === 0) return slip;
  return ` Did you mean ${alike.slice(0, 5).join(", ")}?`;
}

function plainly(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

function fromHmac(settings: z.output<typeof hmacSettings>): Provider {
  const { algorithm, encoding, prefix, secret, timestamp, unit, tolerance, type, id } = settings;
  return {
    name: "HMAC",
    algorithm,
    signature: { at: `header:${settings.header}`, encoding, prefix },
    timestamp: timestamp === undefined ? undefined : { at: `header:${timestamp}`, unit, tolerance },
    signs: settings.signs ?? (timestamp === undefined ? "{body}" : "{timestamp}.{body}"),
    secret,
    type,
    id,
  };
}

function fromToken({ header: name, query, prefix, type, id }: z.output<typeof tokenSettings>): Provider {
  const basic = name === undefined && query === undefined;
  return {
    name: "Token",
    algorithm: basic ? "basic" : "token",
    signature: {
      at: name === undefined ? (basic ? "header:Authorization" : `query:${query}`) : `header:${name}`,
      prefix,
    },
    type,
    id,
    uncovered: "Everything: a token proves who sent a request, not what it says.",
  };
}

function checked<T>(
  id: string,
  parsed: z.core.util.SafeParseResult<T>,
  make: (value: T) => Provider,
  under: readonly string[],
): Resolved {
  if (!parsed.success) {
    return { ok: false, faults: faultsOf(parsed.error.issues, under) };
  }
  const provider = make(parsed.data);
  const broken = contradiction(provider);
  return broken === null
    ? { ok: true, provider, id, short: under[0] === "settings" }
    : fault([...under, broken.key], broken.message);
}

/**
 * Places that are known once a request is verified:
 * what is read from any other is never there, and nobody would notice.
 */
const IDENTITY_PLACES = new Set(
  (
    "body-sha256 body-sha256-hex claim default first-key form header json method query query-lower setting target url " +
    "url-without-query xml"
  ).split(" "),
);

/**
 * Those that are the same in every request of a source, or nearly so: an id of them alone would make all events one.
 */
const CONSTANT_PLACES = new Set(["default", "first-key", "method", "setting", "url-without-query"]);

/** What is wrong with the template of an id, or `null`. */
export function idFault(template: string | undefined): string | null {
  const wrong = identityFault(template);
  if (wrong !== null || template === undefined) return wrong;
  if (placesIn(parseTemplate(template)).some(({ source }) => !CONSTANT_PLACES.has(source))) return null;
  return "is the same for every event: all of them would be repeats of the first. Add what differs, such as {json:id}";
}

/** What is wrong with a template that names an event or its type, or `null`. */
function identityFault(template: string | undefined): string | null {
  if (template === undefined) return null;
  const wrong = templateFault(template);
  if (wrong !== null) return wrong;
  const places = placesIn(parseTemplate(template));
  const unknown = places.find(({ source }) => !IDENTITY_PLACES.has(source));
  if (unknown !== undefined) {
    const written = unknown.name === "" ? unknown.source : `${unknown.source}:${unknown.name}`;
    return `reads {${written}}, which is not known any more once a request is verified. Write a header, query, form, json or claim place`;
  }
  return null;
}

/** What no single field shows. */
function contradiction(provider: Provider): { readonly key: string; readonly message: string } | null {
  const [type, id] = [identityFault(provider.type), idFault(provider.id)];
  if (type !== null) return { key: "type", message: type };
  if (id !== null) return { key: "id", message: id };
  const early = (provider.handshake ?? []).find(({ news, verified }) => typeof news === "string" && verified !== true);
  if (early !== undefined) {
    return { key: "handshake", message: "has news that nobody has proven. Write verified = true, or leave news out" };
  }
  if (provider.signs?.includes("{body") === false && provider.uncovered === undefined) {
    return {
      key: "uncovered",
      message: "is missing. Write what an attacker could change, since `signs` leaves out the body",
    };
  }
  if (provider.networks !== undefined) {
    return {
      key: "networks",
      message: "is for senders of the catalogue. Write the addresses under `allow` of the source",
    };
  }
  if ((provider.algorithm === "jwt" || provider.algorithm === "jws-detached") && provider.jwt === undefined) {
    return { key: "jwt", message: 'is missing. Write which algorithms are accepted, as in { algorithms = ["ES256"] }' };
  }
  return oracleFault(provider);
}

function fault(path: readonly string[], message: string): Resolved {
  return { ok: false, faults: [{ path, message }] };
}
