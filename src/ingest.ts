// POST /in/:source, in the order in which it happens. Nothing is written for a stranger; a 2xx is written after the journal is.
import type { Acceptance, Event } from "./types.ts";
import type { Config, ConfiguredSource } from "./config.ts";
import type { IntakeDoor } from "./bindings/shards.ts";
import type { Parts } from "./bindings/parts.ts";
import type { Log } from "./log.ts";
import type { BodyReader } from "./receive.ts";
import { admits } from "./allowlist.ts";
import { encodeBody, encodeParts, INLINE_BYTES } from "./body.ts";
import { problem, type Rejection, toWire } from "./errors.ts";
import { acceptedMethods, handshake, type HandshakeAnswer, hasHandshake } from "./handshake.ts";
import { type Identity, identify, keptHeaders } from "./identify.ts";
import { anonymousEventId, eventId, receiptId } from "./ids.ts";
import { type Inbound, signedUrl } from "./inbound.ts";
import { within } from "./patience.ts";
import { match } from "./route.ts";
import { verify } from "./verify.ts";

/** D1 has this long for all parts of a large body, in ms: GitHub gives up at 10 s, and Intake comes after. */
const PARTS_PATIENCE_MS = 7_000;

export interface IngestDeps {
  readonly config: Pick<Config, "sources" | "disabled" | "routes">;
  readonly intake: IntakeDoor;
  readonly parts: Pick<Parts, "put" | "drop">;
  /** Whether this address may come again so soon; asked before any cryptography. */
  readonly floodGuard: (address: string) => Promise<boolean>;
  readonly bodies: BodyReader;
  readonly now: () => number;
  /** 32 random hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Log;
}

/** Answers a provider. Never throws for anything that a sender can do. */
export async function ingest(request: Request, name: string, deps: IngestDeps): Promise<Response> {
  // The platform sets it; X-Forwarded-For is whatever the sender likes.
  const address = request.headers.get("cf-connecting-ip") ?? "";
  const refuse = (rejection: Rejection) => refusal(rejection, name, address, deps.log);

  const source = deps.config.sources.get(name);
  if (source === undefined) {
    const why = deps.config.disabled.get(name);
    return refuse(
      why === undefined ? { reason: "source_unknown", source: name.slice(0, 100) } : { reason: "source_disabled", why },
    );
  }
  const methods = acceptedMethods(source.scheme);
  if (!methods.includes(request.method))
    return refuse({ reason: "method_not_allowed", method: request.method, allow: methods.join(", ") });

  if (source.allow.length > 0) {
    if (!admits(source.allow, address)) return refuse({ reason: "address_refused", address });
  } else if (!(await deps.floodGuard(address))) return refuse({ reason: "flooding", address });

  return await deps.bodies.with(request, source.maxBody, async (body) => {
    if (!body.ok) return refuse(body.rejection);
    const url = signedUrl(source.publicUrl, request.url);
    const inbound: Inbound = { method: request.method, url, headers: request.headers, body: body.value };

    const early = await greet(inbound, source, "before-verify");
    if (early !== null) return early;
    if (request.method !== "POST")
      return refuse({ reason: "method_not_allowed", method: request.method, allow: "POST" });

    const proof = await verify(inbound, source.scheme, source.secrets, source.settings, deps.now());
    if (!proof.ok) {
      const { rejection } = proof;
      return refuse(rejection.reason === "secret_missing" ? { ...rejection, names: source.secretNames } : rejection);
    }
    const late = await greet(inbound, source, "after-verify");
    if (late !== null) return late;

    return await accept(inbound, source, proof.value.secret, deps, refuse);
  });
}

async function greet(
  inbound: Inbound,
  source: ConfiguredSource,
  phase: "before-verify" | "after-verify",
): Promise<Response | null> {
  if (!hasHandshake(source.scheme, inbound.method, phase)) return null;
  const answer: HandshakeAnswer | null = await handshake(
    inbound,
    source.scheme,
    source.secrets,
    source.settings,
    phase,
  );
  return answer === null ? null : new Response(answer.body, { status: answer.status, headers: answer.headers });
}

/** From a proven request to a durable event. */
async function accept(
  { headers, body, ...inbound }: Inbound,
  source: ConfiguredSource,
  verifiedBy: string | null,
  deps: IngestDeps,
  refuse: (rejection: Rejection) => Response,
): Promise<Response> {
  const identity = identify({ ...inbound, headers, body }, source.scheme, source.settings);
  const now = deps.now();
  const event: Omit<Event, "encoding" | "body" | "parts"> = {
    id: await idOf(identity, source.name, body, deps.newId),
    receipt: receiptId(now, deps.newId()),
    source: source.name,
    type: identity.type,
    receivedAt: now,
    verifiedBy,
    headers: keep(headers, keptHeaders(source.scheme)),
    size: body.byteLength,
    // Decided now: what the routes say later does not change what was promised.
    matched: match(deps.config.routes, source.name, identity.type),
  };

  const { id, receipt, size } = event;
  const large = size > INLINE_BYTES;
  let row: Event;
  if (large) {
    // Before the event, so that an event which is accepted always has its body; the sweep removes parts without an event.
    const { encoding, parts } = encodeParts(body);
    const deadline = now + PARTS_PATIENCE_MS;
    try {
      for (const [n, data] of parts.entries())
        await within(deadline - deps.now(), "D1", deps.parts.put(receipt, id, n, data));
    } catch (error) {
      return refuse({ reason: "busy", why: `D1 took no part of a large body: ${String(error)}`, retryAfterMs: 30_000 });
    }
    row = { ...event, encoding, body: null, parts: parts.length };
  } else {
    const { encoding, data } = encodeBody(body);
    row = { ...event, encoding, body: data, parts: 0 };
  }

  const answer = await deps.intake.accept({
    id,
    receipt,
    source: source.name,
    rate: source.rate,
    row: JSON.stringify(row),
    bells: [id, size, event.matched.map(({ destination }) => destination)],
  });
  if (large && answer.kind === "limited") await deps.parts.drop(receipt).catch(() => {});
  return conclude(answer, event, deps, refuse);
}

function conclude(
  answer: Acceptance,
  { id, source, type, size, matched }: Pick<Event, "id" | "source" | "type" | "size" | "matched">,
  { log }: IngestDeps,
  refuse: (rejection: Rejection) => Response,
): Response {
  switch (answer.kind) {
    case "accepted":
    case "duplicate":
      log.info("ingest.accepted", { id, source, type, size, status: answer.kind, destinations: matched.length });
      return Response.json({ id: answer.id, status: answer.kind });
    case "limited":
      return refuse({ reason: "rate_limited", retryAfterMs: answer.retryAfterMs });
    case "busy":
      return refuse({ reason: "busy", why: answer.why, retryAfterMs: 5000 });
  }
}

async function idOf({ dedupe }: Identity, source: string, body: Uint8Array, newId: () => string): Promise<string> {
  if (dedupe === null) return anonymousEventId(newId());
  return await eventId(source, dedupe.key, dedupe.bindBody ? body : null);
}

function keep(headers: Headers, names: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) kept[name] = value;
  }
  return kept;
}

/** The log hears everything, the sender what `toWire` tells it. */
function refusal(rejection: Rejection, source: string, address: string, log: Log): Response {
  const said = toWire(rejection);
  log.warn("ingest.rejected", { source: source.slice(0, 100), address, status: said.status, ...rejection });
  return problem(said);
}
