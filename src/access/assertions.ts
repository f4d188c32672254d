// Single sign-on: is this a true assertion of our Cloudflare Access application? Nobody is let in while its keys are not to be had.
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import * as z from "zod/mini";
import type { Caller } from "../answers/access.ts";
import type { AccessPolicy } from "../config/access.ts";
import type { Log } from "../log.ts";
import type { FetchText } from "../send.ts";

interface AssertionsDeps {
  readonly config: { readonly access: AccessPolicy | null };
  readonly fetchText: FetchText;
  readonly now: () => number;
  readonly log: Log;
}

/** Cloudflare changes its keys every six weeks and publishes the next one long before: https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/ */
const KEYS_MS = 60 * 60_000;
/** How often keys are asked for that were not there, so that strangers cannot have us ask all the time. */
const PAUSE_MS = 60_000;
/** RS256 is what Access signs with. Every other algorithm, `none` and the symmetric ones above all, is refused. */
const ALGORITHMS = ["RS256", "ES256"];

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) });
const identity = z.object({ email: z.optional(z.string()), common_name: z.optional(z.string()) });

/** The assertions of one isolate, with the keys that it has seen. */
export class Assertions {
  readonly #deps: AssertionsDeps;
  #keys: { readonly set: JSONWebKeySet; readonly at: number } | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: AssertionsDeps) {
    this.#deps = deps;
  }

  /** Who Cloudflare Access says it is, with the role that the configuration gives them; `null` where nothing is proven. */
  async identify(request: Request): Promise<Caller | null> {
    const { access } = this.#deps.config;
    const token = request.headers.get("cf-access-jwt-assertion");
    if (access === null || token === null) return null;
    const payload = await this.#verify(token, access);
    if (payload === null) return null;
    // People have an address, service tokens a name.
    const actor = payload.email ?? payload.common_name ?? "";
    if (actor === "") return null;
    return { actor, role: roleOf(actor, access), how: "access" };
  }

  async #verify(token: string, access: AccessPolicy): Promise<z.output<typeof identity> | null> {
    const { now, log } = this.#deps;
    // The keys that are known come first, and once more where none of them fits: there may be a new one.
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

  /** `null` where they are not to be had. */
  async #keysOf(access: AccessPolicy, fresh: boolean): Promise<JSONWebKeySet | null> {
    const { now, fetchText, log } = this.#deps;
    const known = this.#keys;
    if (known !== null && !fresh && now() - known.at < KEYS_MS) return known.set;
    if (now() - this.#askedAt < PAUSE_MS) return null;
    const url = `${issuerOf(access)}/cdn-cgi/access/certs`;
    const set = read(await fetchText({ url, method: "GET", headers: {}, body: null }));
    // Noted afterwards: what arrives together in a new isolate asks together, and nobody is turned away for coming second.
    this.#askedAt = now();
    if (set === null) log.error("access.keys_unavailable", { url });
    else this.#keys = { set, at: now() };
    return set;
  }
}

function issuerOf({ team }: AccessPolicy): string {
  return `https://${team}.cloudflareaccess.com`;
}

function roleOf(actor: string, { admins, operators, role }: AccessPolicy): Caller["role"] {
  const name = actor.toLowerCase();
  return admins.includes(name) ? "admin" : operators.includes(name) ? "operator" : role;
}

function read(text: string | null): JSONWebKeySet | null {
  if (text === null) return null;
  try {
    const parsed = keySet.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
