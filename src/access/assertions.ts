// Single sign-on: is this a true assertion of our Cloudflare Access
// application? Nobody is let in while its keys are unavailable.
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import * as z from "zod/mini";
import { parsedStrictly } from "../bytes/json.ts";
import type { Caller } from "../contract/access.ts";
import type { AccessPolicy } from "../config/access.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import type { FetchText } from "../net/send.ts";

interface AssertionsDeps {
  readonly config: { readonly access: AccessPolicy | null };
  readonly fetchText: FetchText;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Cloudflare changes its keys every six weeks and publishes the next one long before:
 * https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/
 */
const KEYS_MS = 60 * 60_000;
/** How often keys are asked for that were not there, so that strangers cannot have us ask all the time. */
const PAUSE_MS = 60_000;
/** How long an answer that another request has asked for is waited for, in ms. */
const SHARED_MS = 5_000;
/** RS256 is what Access signs with. Every other algorithm, `none` and the symmetric ones above all, is refused. */
const ALGORITHMS = ["RS256"];

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) });
const identity = z.object({ email: z.optional(z.string()), common_name: z.optional(z.string()) });

/** The assertions of one isolate, with the keys that it has seen. */
export class Assertions {
  readonly #deps: AssertionsDeps;
  #keys: { readonly set: JSONWebKeySet; readonly at: number } | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<JSONWebKeySet | null> | null = null;

  constructor(deps: AssertionsDeps) {
    this.#deps = deps;
  }

  /**
   * Who Cloudflare Access says it is, with the role that the configuration gives them; `null` where nothing is proven.
   */
  async identify(request: Request): Promise<Caller | null> {
    const { access } = this.#deps.config;
    const token = request.headers.get("cf-access-jwt-assertion");
    if (access === null || token === null) return null;
    const payload = await this.#verify(token, access);
    if (payload === null) return null;
    // People have an address, service tokens a name.
    const name = payload.email ?? payload.common_name ?? "";
    if (name === "") return null;
    return { actor: `access:${name}`, role: roleOf(name, access), how: "access" };
  }

  async #verify(token: string, access: AccessPolicy): Promise<z.output<typeof identity> | null> {
    const { now, log } = this.#deps;
    // The cached keys come first. If none of them fits, there may be a new one: they are fetched again.
    for (const fresh of [false, true]) {
      const keys = await this.#keysOf(access, fresh);
      if (keys === null) return null;
      try {
        const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
          algorithms: ALGORITHMS,
          issuer: issuerOf(access),
          audience: access.audience,
          requiredClaims: ["exp", "iat"],
          currentDate: new Date(now()),
        });
        const said = identity.safeParse(payload);
        return said.success ? said.data : null;
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
        if (code === "ERR_JWKS_NO_MATCHING_KEY" && !fresh) continue;
        log.warn("access.assertion_refused", { code });
        return null;
      }
    }
    return null;
  }

  /** `null` while they are unavailable. */
  async #keysOf(access: AccessPolicy, fresh: boolean): Promise<JSONWebKeySet | null> {
    const { now } = this.#deps;
    const known = this.#keys;
    if (known !== null && !fresh && now() - known.at < KEYS_MS) return known.set;
    if (now() - this.#askedAt < PAUSE_MS) {
      // What arrives together asks once. The request that asks may die before it is answered.
      const asking = this.#asking;
      return asking === null ? null : await within(SHARED_MS, "Cloudflare Access", asking).catch(() => null);
    }
    this.#askedAt = now();
    this.#asking = this.#ask(access);
    try {
      return await this.#asking;
    } finally {
      this.#asking = null;
    }
  }

  async #ask(access: AccessPolicy): Promise<JSONWebKeySet | null> {
    const { now, fetchText, log } = this.#deps;
    const url = `${issuerOf(access)}/cdn-cgi/access/certs`;
    const set = read(await fetchText({ url, method: "GET", headers: {}, body: null }));
    if (set === null) log.error("access.keys_unavailable", { url });
    else this.#keys = { set, at: now() };
    return set;
  }
}

function issuerOf({ team }: AccessPolicy): string {
  return `https://${team}.cloudflareaccess.com`;
}

/** Letters of ASCII are alike in either case; no letter of another script is like one of them. */
function roleOf(given: string, { admins, operators, role }: AccessPolicy): Caller["role"] {
  const name = given.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return admins.includes(name) ? "admin" : operators.includes(name) ? "operator" : role;
}

function read(text: string | null): JSONWebKeySet | null {
  const parsed = keySet.safeParse(text === null ? undefined : parsedStrictly(text));
  return parsed.success ? parsed.data : null;
}
