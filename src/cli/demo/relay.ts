// The relay that the demo runs: four sources, three destinations, secrets made up at random.
// Touches nothing of the user's.
import { randomBytes } from "node:crypto";
import { derivedSecret } from "../../out/sign.ts";
import type { Json } from "../local/local.ts";

/** Waits between attempts: short, so that the end is seen within seconds. */
const RETRY = ["1s", "2s", "4s"];

/** Who sends, and how it is proven. */
const SOURCES = {
  github: { provider: "github" },
  stripe: { provider: "stripe" },
  slack: { provider: "slack" },
  acme: { provider: "standard-webhooks" },
};

/** Source → the destinations of its events. The relay has it as routes; the demo holds the relay to it. */
export const ROUTED = {
  github: ["builds"],
  stripe: ["ledger", "alerts"],
  slack: ["alerts"],
  acme: ["alerts"],
} as const satisfies Record<keyof typeof SOURCES, readonly string[]>;

export type SourceName = keyof typeof ROUTED;

/**
 * Destination → how many attempts at each delivery fail before one may succeed.
 * One that works is not held up by the others.
 */
export const FAILURES = new Map([
  ["ledger", 0],
  ["builds", 2],
  ["alerts", 2],
]);

export type Secrets = ReturnType<typeof inventSecrets>;

/** Every secret that the relay needs, each in the form that its provider gives out. */
export function inventSecrets() {
  return {
    GITHUB_SECRET: randomBytes(20).toString("hex"),
    STRIPE_SECRET: `whsec_${randomBytes(24).toString("hex")}`,
    SLACK_SECRET: randomBytes(16).toString("hex"),
    ACME_SECRET: `whsec_${randomBytes(24).toString("base64")}`,
    SIGNING_KEY: randomBytes(32).toString("base64"),
    ADMIN_TOKEN: randomBytes(24).toString("base64url"),
  };
}

/** @param receiver where the destinations are, without a slash at the end */
export function vars(receiver: string): Record<string, Json> {
  return {
    SOURCES,
    DESTINATIONS: Object.fromEntries(
      [...FAILURES.keys()].map((name) => [name, { url: `${receiver}/${name}`, retry: RETRY }]),
    ),
    ROUTES: Object.fromEntries(Object.entries(ROUTED).map(([from, to]) => [from, { from, to: [...to] }])),
    LOOPBACK_DESTINATIONS: "true",
  };
}

/** What each receiver is given to verify with. */
export async function receiverSecrets({ SIGNING_KEY }: Secrets): Promise<Map<string, string>> {
  const secrets = [...FAILURES.keys()].map(async (name) => [name, await derivedSecret(SIGNING_KEY, name)] as const);
  return new Map(await Promise.all(secrets));
}
