// The relay's configuration in the simulation, with a canary in every secret slot, and the changes that a deploy can bring.

import { bodilessSource } from "./bodiless.ts";
import { alertedVars } from "./alerted.ts";
import { bankVars } from "./banked.ts";
import { gapsOf } from "./gapped.ts";
import { measuredVars } from "./measured.ts";
import { thinVars } from "./things.ts";
import { replyOf } from "./replying.ts";
import { KEY_CHANGES, sealedVars } from "./sealed.ts";
import { rotatedVars } from "./rotated.ts";
import { tunnelledVars } from "./listening.ts";
import { alphaOf, archivedTo, REMADE, RESOLVER, type Trait } from "./traits.ts";

/** Vars and secrets, as a Worker's env holds them. */
export type Vars = Readonly<Record<string, unknown>>;

/** Every secret holds this word: found anywhere but in an env, it has escaped (I-14). */
export const CANARY = "CANARY";

const hmac = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };

/** The destinations that a world may know, and where they are. */
export const HOSTS: readonly (readonly [host: string, destination: string])[] = [
  ["alpha.example.com", "alpha"],
  ["beta.example.com", "beta"],
  ["gamma.example.com", "gamma"],
  ["delta.example.com", "delta"],
  ["epsilon.example.com", "epsilon"],
  ["till.example.com", "till"],
  ["trap.example.net", "trap"],
];

/** A destination that is the relay's own receiver: it refuses once and then takes. No request to it is on the network. */
export const INSPECTOR = "inspector";

const SCHEDULES = {
  short: ["5s", "30s", "2m"],
  /** Beyond the fifteen minutes that a bell reaches. */
  long: ["5s", "20m", "40m"],
  /** One repeat: the quickest way to an end. */
  once: ["5s"],
} as const;
export type Schedule = keyof typeof SCHEDULES;

const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** A schedule in ms, read without the relay's help. */
export function waits(schedule: Schedule): number[] {
  return SCHEDULES[schedule].map((text) => Number.parseInt(text, 10) * (MS[text.slice(-1)] ?? Number.NaN));
}

export const DESTINATION_KEY = `whsec_${Buffer.from(`${CANARY}-beta-key-0123456789abcd`).toString("base64")}`;

/** A route whose condition can never be decided: no body has this member. It changes nothing of where events go. */
export const UNSURE = { from: ["acme", "fenced"], to: "alpha", when: "body.missing.member == 1" };

const GAMMA = { url: "https://gamma.example.com/hook", retry: ["5s"] };

/**
 * @param shards how many Intake objects share the events
 * @param traits what alpha asks for beyond a signed POST
 */
export function initialVars(schedule: Schedule, shards: number, traits: readonly Trait[] = []): Vars {
  const archived = archivedTo(traits, SCHEDULES[schedule]);
  const thin = thinVars(traits, SCHEDULES[schedule]);
  const banked = bankVars(traits, SCHEDULES[schedule]);
  const rotated = rotatedVars(traits, { acme: `${CANARY}-acme`, beta: DESTINATION_KEY });
  const alerted = alertedVars(traits);
  const sealed = sealedVars(traits);
  const tunnelled = tunnelledVars(traits, SCHEDULES[schedule]);
  return {
    ADMIN_TOKEN: `${CANARY}-admin-token-0123456789abcdef`,
    SIGNING_KEY: `${CANARY}-signing-key-0123456789abcdef-0123`,
    GITHUB_SECRET: `${CANARY}-github`,
    ACME_SECRET: `${CANARY}-acme`,
    LIMITED_SECRET: `${CANARY}-limited`,
    FENCED_SECRET: `${CANARY}-fenced`,
    APP_SECRET: `${CANARY}-app-token`,
    THIN_SECRET: `${CANARY}-thin`,
    THINGS_KEY: `${CANARY}-things-key`,
    HOOK_TOKEN: `${CANARY}-hook-token`,
    BANK_SECRET: `${CANARY}-bank`,
    BANK_KEY: `${CANARY}-bank-key`,
    BETA_KEY: DESTINATION_KEY,
    CRM_TOKEN: `${CANARY}-crm-token`,
    CRM_KEY: `${CANARY}-crm key/&`,
    ...rotated.vars,
    ...measuredVars(traits, `${CANARY}-collector-key`),
    ...sealed.vars,
    RETENTION_DAYS: 5,
    ...(traits.includes("looked") ? { RESOLVER } : {}),
    INTAKE_SHARDS: shards,
    SOURCES: {
      github: { provider: "github", ...gapsOf(traits) },
      acme: {
        provider: "hmac",
        settings: hmac,
        max_body: "2MiB",
        ...rotated.end,
        ...sealed.source,
        ...bodilessSource(traits),
      },
      limited: { provider: "hmac", settings: hmac, rate: "4/min" },
      fenced: { provider: "hmac", settings: hmac, allow: ["192.0.2.0/24"] },
      secretless: { provider: "github" },
      app: { provider: "bearer" },
      ...thin.sources,
      ...banked.sources,
    },
    DESTINATIONS: {
      alpha: { url: "https://alpha.example.com/hook", retry: SCHEDULES[schedule], ...alphaOf(traits) },
      beta: {
        ...(traits.includes("bound") ? { service: "PARTNER" } : {}),
        url: "https://beta.example.com/hook",
        retry: SCHEDULES[schedule],
        secret: "BETA_KEY",
        ...rotated.end,
      },
      ...archived.destinations,
      ...thin.destinations,
      ...banked.destinations,
      ...alerted.destinations,
      ...tunnelled.destinations,
      ...(traits.includes("letters") ? { gamma: GAMMA } : {}),
    },
    ROUTES: {
      pushes: { from: "github", events: ["push", "pull_request.*"], to: "alpha" },
      ...(traits.includes("remade") ? { remade: REMADE } : {}),
      all: { from: ["acme", "limited", "fenced", "secretless", "app"], to: ["alpha", "beta"], ...replyOf(traits) },
      unsure: UNSURE,
      ...archived.routes,
      ...thin.routes,
      ...banked.routes,
      ...alerted.routes,
      ...tunnelled.routes,
    },
  };
}

/** What alpha takes once it is limited: so many that begin in any second, and so many at a time. */
export const LIMITS = { rate: 3, concurrency: 2 } as const;

/** What a deploy, or `wrangler secret put`, may change while requests are under way. */
export const CHANGES = {
  "remove beta": (vars: Vars): Vars => {
    const { beta: _, ...destinations } = table(vars, "DESTINATIONS");
    // A route that leads nowhere is an error of the configuration, and goes as well.
    const routes = Object.fromEntries(
      Object.entries(table(vars, "ROUTES")).flatMap(([name, route]) => {
        const to = [route["to"]].flat().filter((one) => one !== "beta");
        return to.length === 0 ? [] : [[name, { ...route, to }]];
      }),
    );
    return { ...vars, DESTINATIONS: destinations, ROUTES: routes };
  },
  "add gamma": (vars: Vars): Vars => ({
    ...vars,
    DESTINATIONS: { ...table(vars, "DESTINATIONS"), gamma: GAMMA },
    ROUTES: { ...table(vars, "ROUTES"), more: { from: ["acme", "github"], to: "gamma" } },
  }),
  "add inspector": (vars: Vars): Vars => ({
    ...vars,
    DESTINATIONS: { ...table(vars, "DESTINATIONS"), [INSPECTOR]: { inspect: true, script: "503, ok", retry: ["5s"] } },
    ROUTES: { ...table(vars, "ROUTES"), inspected: { from: ["acme", "github"], to: INSPECTOR } },
  }),
  "limit alpha": (vars: Vars): Vars => ({
    ...vars,
    DESTINATIONS: {
      ...table(vars, "DESTINATIONS"),
      alpha: { ...table(vars, "DESTINATIONS")["alpha"], rate: `${LIMITS.rate}/s`, concurrency: LIMITS.concurrency },
    },
  }),
  "rotate github": (vars: Vars): Vars => ({
    ...vars,
    GITHUB_SECRET: `${CANARY}-github-new`,
    GITHUB_SECRET_OLD: vars["GITHUB_SECRET"],
  }),
  "rotate signing": (vars: Vars): Vars => ({
    ...vars,
    SIGNING_KEY: `${CANARY}-signing-key-new-0123456789abcdef`,
    SIGNING_KEY_OLD: vars["SIGNING_KEY"],
  }),
  "lose acme secret": (vars: Vars): Vars => {
    const { ACME_SECRET: _, ...rest } = vars;
    return rest;
  },
  "drop remade": (vars: Vars): Vars => {
    const { remade: _, ...routes } = table(vars, "ROUTES");
    return { ...vars, ROUTES: routes };
  },
  ...KEY_CHANGES,
  "same again": (vars: Vars): Vars => ({ ...vars }),
} as const;
export type Change = keyof typeof CHANGES;

/** Where an event of this source and type goes under this configuration, worked out without the relay's help. */
export function matched(vars: Vars, source: string, type: string): string[] {
  const found = new Set<string>();
  for (const route of Object.values(table(vars, "ROUTES"))) {
    const patterns = route["events"] === undefined ? undefined : [route["events"]].flat().map(String);
    const fits =
      patterns?.some((one) => (one.endsWith("*") ? type.startsWith(one.slice(0, -1)) : one === type)) ?? true;
    if (route["when"] !== undefined) continue;
    if (![route["from"]].flat().includes(source) || !fits) continue;
    for (const to of [route["to"]].flat()) found.add(String(to));
  }
  return [...found].toSorted();
}

function table(vars: Vars, name: string): Record<string, Record<string, unknown>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `initialVars` wrote it
  return vars[name] as Record<string, Record<string, unknown>>;
}
