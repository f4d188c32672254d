// What a configuration is once it has been read: sources with their schemes, destinations, routes. Types only.
import type { AccessPolicy } from "./access.ts";
import type { Alerting } from "./alerts.ts";
import type { Condition } from "../filter/condition.ts";
import type { Keeping } from "../contract/retention.ts";
import type { Finding } from "./findings.ts";
import type { Gaps } from "../scheme/deliveries.ts";
import type { Hydrate } from "../scheme/hydrate.ts";
import type { Otlp } from "./otlp.ts";
import type { Redaction } from "../scheme/redaction.ts";
import type { Provider } from "../scheme/scheme.ts";
import type { Transforms } from "../transform/transform.ts";
import type { Plan } from "../contract/prices.ts";
import type { VaultKeys } from "../bytes/vault.ts";
import type { Level } from "../log.ts";
import type { Written } from "./vars.ts";
import type { Destination, Secret, Source } from "../types.ts";

/** A source with the scheme that its requests are proven by. */
export interface ConfiguredSource extends Source {
  /** By which name its events come to one Intake object, where a destination wants them in order. */
  readonly together?: string;
  /** How long its events are kept, and their bodies, in ms; left out, as long as those of all others. */
  readonly retentionMs?: number;
  readonly bodyRetentionMs?: number;
  /** How what its thin events name is fetched; left out, they are as they come. */
  readonly hydrate?: Hydrate;
  /** How its sender is asked for what never came. */
  readonly gaps?: Gaps;
  /** Set where its bodies and headers are kept sealed. */
  readonly encrypt?: true;
  /** What is taken out of what is kept. */
  readonly redact?: Redaction;
  readonly scheme: Provider;
}

/** Which events of which sources go to which destinations. */
export interface Route {
  readonly name: string;
  readonly from: readonly string[];
  /** Patterns with `*`; an empty list means every event. */
  readonly events: readonly string[];
  readonly to: readonly string[];
  /** Left out, it wants whatever the patterns admit. */
  readonly when?: Condition;
  /** What its destinations get in the place of the body; left out, they get the body as it came. */
  readonly transform?: Transforms;
  /** Whose answer its senders get, within how many ms of their request. */
  readonly reply?: { readonly destination: string; readonly withinMs: number };
  /** Takes nothing, and stands where it stood. */
  readonly disabled?: true;
}

/** An end that the configuration gives to an old secret. */
export interface SecretEnd {
  /** As it is written in the file. */
  readonly key: string;
  readonly of: "source" | "destination" | "relay";
  /** Of the source or destination; of the relay's own key, the key's. */
  readonly name: string;
  readonly secret: string;
  /** In ms: from then on the secret proves and signs nothing. */
  readonly until: number;
  /** Whether there is such a secret. */
  readonly set: boolean;
}

/** Entries that are wrong are left out, here and in the maps; `findings` say why. */
export interface Config {
  readonly sources: ReadonlyMap<string, ConfiguredSource>;
  /** Sources that are named but wrong, each with what the operator has to fix: they refuse everything. */
  readonly disabled: ReadonlyMap<string, string>;
  readonly destinations: ReadonlyMap<string, Destination>;
  /**
   * Destinations that are named but wrong, without an address:
   * their deliveries are retried on the standard schedule until they are fixed.
   */
  readonly unreadable: ReadonlyMap<string, Destination>;
  /** In file order, which decides where routes overlap. */
  readonly routes: readonly Route[];
  /** Grants every right to its bearer. While it is `null`, only API keys and Cloudflare Access grant any. */
  readonly adminToken: Secret | null;
  /** `null` where Cloudflare Access is not configured. */
  readonly access: AccessPolicy | null;
  /** Who is told of alerts is for routes from the source `hookline` to say; this is how often, and of what not. */
  readonly alerts: Alerting;
  /** Where metrics are pushed to; `null` where nobody asks for it. */
  readonly otlp: Otlp | null;
  /** Intake objects that the sources are spread over. */
  readonly shards: number;
  /** How long events are kept, of sources that do not say it, in ms. */
  readonly retentionMs: number;
  /** What seals the events of sources that encrypt. */
  readonly encryption: VaultKeys;
  /** Every time after which something goes, of events and of bodies, once. */
  readonly keepings: readonly Keeping[];
  /** Whose limits are shown. */
  readonly plan: Plan;
  /**
   * Who is asked where a destination's name leads, before anything is sent there; its URL is `null` where it is wrong,
   * and nobody is asked where it is not set.
   */
  readonly resolver: { readonly url: string | null } | null;
  /** Lines below it are not written. */
  readonly logLevel: Level;
  /** Of how many events the success is written into the log, 0 to 1. */
  readonly logSuccess: number;
  /** Whether http and loopback destinations are admitted: local development only. */
  readonly loopback: boolean;
  /** Old secrets that have an end, ahead or past. */
  readonly ends: readonly SecretEnd[];
  /** The vars as they were deployed, and the names of the secrets that are set. */
  readonly written: Written;
  /** Names of the secrets that are still to be put. */
  readonly missing: readonly string[];
  readonly findings: readonly Finding[];
}
