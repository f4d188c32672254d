// POST /in/:source, in the order in which it happens. Nothing is written for a stranger,
// and a 2xx is answered only once the journal is synced.
import type { Config, ConfiguredSource } from "../config/configured.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { KeyRing } from "../verify/keyring.ts";
import type { Published } from "../net/published.ts";
import type { BodyReader } from "./read.ts";
import type { RefusalBook, TurnedAway } from "./refusals/refusals.ts";
import { admits } from "../net/cidr.ts";
import { type FloodGuard, UNCOUNTED } from "./flood.ts";
import { type After, enter, type EnterDeps, type Refuse } from "./enter.ts";
import { problem, type Rejection, type Result, type VerificationRejection } from "../errors.ts";
import { greet, type GreetDeps, type Greeting, responseOf } from "./greet.ts";
import { inForce } from "../verify/in-force.ts";
import { isAddressed, sourceMeant, spelled } from "./address.ts";
import { acceptedMethods, replyTo } from "./handshake.ts";
import { type Inbound, signedUrl } from "../verify/readings.ts";
import { type Verdict, verify } from "../verify/verify.ts";
import { isSenders, REASONS, toWire } from "../reasons.ts";

export interface IngestDeps extends GreetDeps, EnterDeps {
  readonly config: Pick<Config, "sources" | "disabled" | "routes" | "destinations" | "adminToken">;
  /** Decides from memory whether this address is still listened to; asked before anything is read. */
  readonly flood: Pick<FloodGuard, "enter" | "guess">;
  /** The addresses that providers publish. */
  readonly published: Pick<Published, "bar">;
  readonly bodies: BodyReader;
  /** The keys that providers publish. */
  readonly keys: Pick<KeyRing, "keysFor">;
  readonly refusals: Pick<RefusalBook, "wants" | "reads" | "keep">;
  readonly feed: Pick<FeedDoor, "refused">;
}

/**
 * Answers a provider. Never throws for anything that a sender can do.
 *
 * @param after without it, refusals are logged and not looked into
 * @param vouched the operator whose right it is, in the place of a proof; every other stage is the same
 */
export async function ingest(
  request: Request,
  name: string,
  deps: IngestDeps,
  after?: After,
  vouched: string | null = null,
): Promise<Response> {
  // The platform sets it; X-Forwarded-For is whatever the sender likes.
  const address = request.headers.get("cf-connecting-ip") ?? "";
  const configured = deps.config.sources.get(name);
  // The refusal is looked into with all secrets, so that the operator hears of one that has ended.
  const refuse: Refuse = (rejection, inbound, words = null) =>
    refusal({ name, source: configured ?? null, rejection, address, inbound: inbound ?? null }, words, deps, after);

  /**
   * What is refused by its name, method or address alone is counted as a guess:
   * names are not found out by trying them all.
   */
  const guessed = async (answer: () => Response | Promise<Response>): Promise<Response> =>
    (await deps.flood.guess(address)) ? await answer() : problem(toWire({ reason: "flooding", address }));
  if (configured === undefined) {
    const why = deps.config.disabled.get(name);
    return await guessed(() =>
      why === undefined
        ? astray(request, spelled(request.url, name), deps, after)
        : refuse({ reason: "source_disabled", why }),
    );
  }
  const methods = acceptedMethods(configured.scheme);
  if (!methods.includes(request.method))
    return await guessed(() =>
      refuse({ reason: "method_not_allowed", method: request.method, allow: methods.join(", ") }),
    );

  const fenced = configured.allowPublished || configured.allow.length > 0;
  if (fenced && !admits(configured.allow, address)) {
    const barred: Rejection | null = configured.allowPublished
      ? await deps.published.bar(configured.provider, address)
      : { reason: "address_refused", address };
    if (barred !== null) return await guessed(() => turnAway(barred, request, configured, deps, refuse));
  }
  const entrant = fenced ? UNCOUNTED : deps.flood.enter(configured.name, address);
  if (entrant === null) return refuse({ reason: "flooding", address });

  const handle = async (body: Result<Uint8Array>) => {
    /** Only what fails to prove itself is counted, and nobody can prove anything while the relay is busy. */
    const unproven = async (answer: Response, rejection: Rejection | null = null) => {
      if (rejection !== null && REASONS[rejection.reason].fault === "relay") return answer;
      const told = await entrant.failed(body.ok ? body.value.byteLength : configured.maxBody);
      return told ? answer : problem(toWire({ reason: "flooding", address }));
    };
    if (!body.ok) return await unproven(refuse(body.rejection), body.rejection);
    // From here on, with the secrets that are in force once the whole request is there.
    const source = inForce(configured, deps.now());
    const url = signedUrl(source.publicUrl, request.url);
    const inbound: Inbound = { method: request.method, url, headers: request.headers, body: body.value };

    const early = await greet(inbound, source, "before-verify", address, deps);
    if (early !== null) return await unproven(greeted(early, inbound, refuse), early.rejection);
    if (request.method !== "POST")
      return await unproven(refuse({ reason: "method_not_allowed", method: request.method, allow: "POST" }));

    const proof = vouched === null ? await prove(inbound, source, address, deps) : standsIn(vouched);
    if (!proof.ok) return await unproven(refuse(named(proof.rejection, source.secretNames), inbound));
    entrant.proven();

    const late = await greet(inbound, source, "after-verify", address, deps);
    const news = late?.rejection === null ? late.news : null;
    if (late !== null && news === null) return greeted(late, inbound, refuse);

    const waits = vouched === null && isAddressed(new URL(request.url).pathname);
    return await enter(inbound, source, { verifiedBy: proof.value.secret, news, waits }, deps, refuse, after);
  };
  return await deps.bodies.with(request, configured.maxBody, handle, fenced ? null : address);
}

/**
 * Answers what came to an address that is nobody's: 404. Where it can be told which source was meant, its operator
 * finds a trace there, within the same bounds as any refusal; nothing else is written for a stranger.
 */
export function astray(request: Request, path: string, deps: IngestDeps, after?: After): Response {
  const address = request.headers.get("cf-connecting-ip") ?? "";
  const { sources, disabled } = deps.config;
  const addressed = isAddressed(path);
  const names = request.method === "POST" || addressed ? [...sources.keys(), ...disabled.keys()] : [];
  const meant = sourceMeant(path, names);
  const missed = path.replaceAll(/[^\w/.~%-]/g, "?").slice(0, 100);
  const rejection: Rejection = { reason: "source_unknown", path: missed, ...(meant === null ? {} : { meant }) };
  if (meant === null && !addressed) return problem(toWire(rejection));
  return refusal({ name: meant ?? missed, source: null, rejection, address, inbound: null }, null, deps, after);
}

function greeted(greeting: Greeting, inbound: Inbound, refuse: Refuse): Response {
  return greeting.rejection === null ? greeting.answer : refuse(greeting.rejection, inbound, greeting.answer);
}

/** Largest body that is read of somebody who may not connect, in bytes. */
const READ_OF_BARRED = 64 * 1024;

/**
 * The answer to an address that may not connect. Now and then the request is read all the same, for a diagnosis after
 * the answer: a provider that sends from a new address has the secret.
 */
async function turnAway(
  barred: Rejection,
  request: Request,
  { name, scheme, publicUrl }: ConfiguredSource,
  { refusals, bodies }: IngestDeps,
  refuse: Refuse,
): Promise<Response> {
  if (barred.reason !== "address_refused" || scheme.keys !== undefined || !refusals.reads(name)) return refuse(barred);
  return await bodies.with(
    request,
    READ_OF_BARRED,
    (body) => {
      const { method, headers, url } = request;
      const inbound = body.ok ? { method, headers, url: signedUrl(publicUrl, url), body: body.value } : undefined;
      return Promise.resolve(refuse(barred, inbound));
    },
    barred.address,
  );
}

/** An operator in the place of a secret. */
function standsIn(operator: string): Verdict {
  return { ok: true, value: { secret: operator } };
}

/** Is it really theirs? By the source's own secrets, or by a key that its provider publishes. */
function prove(inbound: Inbound, source: ConfiguredSource, address: string, deps: IngestDeps): Promise<Verdict> {
  const { scheme, secrets, settings } = source;
  return scheme.keys === undefined
    ? verify(inbound, scheme, secrets, settings, deps.now())
    : proveByPublished(inbound, source, address, deps);
}

async function proveByPublished(
  inbound: Inbound,
  source: ConfiguredSource,
  address: string,
  { keys, now }: IngestDeps,
): Promise<Verdict> {
  const found = await keys.keysFor(inbound, source, address, now());
  if (!found.ok) return found;
  const verdict = await verify(inbound, source.scheme, found.secrets, source.settings, now());
  if (verdict.ok) found.vouch();
  return verdict;
}

/** A secret that is missing has no name of its own; the operator looks for the names that would be taken. */
function named(rejection: VerificationRejection, names: readonly string[]): VerificationRejection {
  return rejection.reason === "secret_missing" ? { ...rejection, names } : rejection;
}

/** The log hears everything, the sender what `toWire` tells it, or what its documentation promises it. */
function refusal(
  turnedAway: Omit<TurnedAway, "status">,
  words: Response | null,
  { refusals, feed, config, now, log }: IngestDeps,
  after: After | undefined,
): Response {
  const { name, source, rejection, address, inbound } = turnedAway;
  // A provider's own words are for what it has sent itself:
  // our faults must not sound to it as if all were well (WebSub wants a 202).
  const reply =
    source !== null && inbound !== null && isSenders(rejection)
      ? replyTo(inbound, source.scheme, source.settings, "refused")
      : null;
  const answer = words ?? (reply === null ? problem(toWire(rejection)) : responseOf(reply));
  const { status } = answer;
  const known = config.sources.has(name) || config.disabled.has(name);
  const telling =
    known && after !== undefined ? feed.refused({ source: name, reason: rejection.reason, status, at: now() }) : null;
  if (telling !== null) after?.waitUntil(telling);
  if (known && after !== undefined && refusals.wants(name, rejection))
    after.waitUntil(refusals.keep({ ...turnedAway, status }));
  else log.warn("ingest.rejected", { source: name.slice(0, 100), address, status, ...rejection });
  return answer;
}
