// The relay of the soak: six senders, twelve destinations that each fail in a way of their own, and the routes between them.
import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import type { Json } from "../../src/cli/local/local.ts";
import { derivedSecret } from "../../src/out/sign.ts";

/** The address that every request claims and every source allows: the flood guard is not what is tried here. */
export const SENDER = "127.0.0.1";

const hmac = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };

/** Who sends. Every signature is of the provider's own rule, made by its own library where there is one. */
const SOURCES = {
  github: { provider: "github" },
  stripe: { provider: "stripe" },
  slack: { provider: "slack" },
  acme: { provider: "standard-webhooks" },
  curve: { provider: "standard-webhooks-ed25519" },
  meter: { provider: "hmac", settings: hmac },
} as const satisfies Record<string, Json>;

export type SourceName = keyof typeof SOURCES;

/** Waits of a destination that is expected to say yes in the end. */
const PATIENT = ["1s", "2s", "3s", "5s", "5s", "5s", "5s", "5s"];

/** How destinations behave; what each word does is in `behaviour.ts`. The waits are between attempts. */
export const DESTINATIONS = {
  steady: PATIENT,
  vault: PATIENT,
  slow: PATIENT,
  flaky: PATIENT,
  limits: PATIENT,
  resets: PATIENT,
  hangs: PATIENT,
  trickles: PATIENT,
  floods: PATIENT,
  moves: ["1s", "1s"],
  gone: PATIENT,
  desk: PATIENT,
} as const satisfies Record<string, readonly string[]>;

/** The one that goes to whoever listens. */
export const TUNNEL = "desk";

export type DestinationName = keyof typeof DESTINATIONS;

interface Way {
  readonly from: SourceName;
  /** Exact types, or `word.*`; every type where it is missing. */
  readonly events?: readonly string[];
  readonly to: readonly DestinationName[];
}

const ROUTES: Readonly<Record<string, Way>> = {
  code: { from: "github", to: ["steady"] },
  pushes: { from: "github", events: ["push", "issues.*"], to: ["flaky"] },
  paid: { from: "stripe", events: ["invoice.paid"], to: ["steady", "limits"] },
  refunds: { from: "stripe", events: ["charge.refunded"], to: ["flaky", "slow"] },
  payouts: { from: "stripe", events: ["payout.failed"], to: ["gone"] },
  chat: { from: "slack", to: ["slow", "resets"] },
  contacts: { from: "acme", events: ["contact.created"], to: ["hangs"] },
  leavers: { from: "acme", events: ["contact.deleted"], to: ["trickles"] },
  movers: { from: "acme", events: ["contact.moved"], to: ["moves"] },
  curves: { from: "curve", to: ["flaky", "steady"] },
  readings: { from: "meter", to: ["vault", "desk"] },
  dumps: { from: "meter", events: ["dump"], to: ["floods"] },
};

/** Where an event must go, by the routes above and not by the relay's own reading of them. */
export function promised(source: SourceName, type: string): DestinationName[] {
  const fits = (pattern: string) => (pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern);
  const ways = Object.values(ROUTES).filter(
    ({ from, events }) => from === source && (events === undefined || events.some(fits)),
  );
  return [...new Set(ways.flatMap(({ to }) => to))].toSorted();
}

/** @param receiver where the destinations are, without a slash at the end */
export function vars(receiver: string): Record<string, Json> {
  return {
    SOURCES: Object.fromEntries(
      Object.entries(SOURCES).map(([name, source]) => [name, { ...source, allow: [`${SENDER}/32`], max_body: "2MiB" }]),
    ),
    DESTINATIONS: Object.fromEntries(
      Object.entries(DESTINATIONS).map(([name, retry]) => [
        name,
        { ...(name === TUNNEL ? { tunnel: true } : { url: `${receiver}/${name}` }), retry: [...retry] },
      ]),
    ),
    ROUTES: Object.fromEntries(
      Object.entries(ROUTES).map(([name, { from, events, to }]) => [
        name,
        { from, to: [...to], ...(events === undefined ? {} : { events: [...events] }) },
      ]),
    ),
    LOOPBACK_DESTINATIONS: "true",
  };
}

export interface Secrets {
  /** What the relay is given. */
  readonly relay: Readonly<Record<string, string>>;
  readonly github: string;
  readonly stripe: string;
  readonly slack: string;
  readonly acme: string;
  /** The private half; the relay has the public one. */
  readonly curve: KeyObject;
  readonly meter: string;
  readonly admin: string;
  /** Destination → the secret that it verifies with. */
  readonly destinations: ReadonlyMap<string, string>;
}

/** Secrets of this run, each in the form that its provider gives out. */
export async function inventSecrets(): Promise<Secrets> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const signingKey = randomBytes(32).toString("base64");
  const own = {
    github: randomBytes(20).toString("hex"),
    stripe: `whsec_${randomBytes(24).toString("hex")}`,
    slack: randomBytes(16).toString("hex"),
    acme: `whsec_${randomBytes(24).toString("base64")}`,
    meter: randomBytes(24).toString("base64url"),
    admin: randomBytes(24).toString("base64url"),
  };
  const derived = Object.keys(DESTINATIONS).map(async (name) => [name, await derivedSecret(signingKey, name)] as const);
  return {
    ...own,
    curve: privateKey,
    destinations: new Map(await Promise.all(derived)),
    relay: {
      GITHUB_SECRET: own.github,
      STRIPE_SECRET: own.stripe,
      SLACK_SECRET: own.slack,
      ACME_SECRET: own.acme,
      CURVE_SECRET: publicKey.export({ type: "spki", format: "pem" }).toString(),
      METER_SECRET: own.meter,
      SIGNING_KEY: signingKey,
      ADMIN_TOKEN: own.admin,
    },
  };
}
