// Which refusals are diagnosed and stored, so that an operator sees at once why a sender gets 401. The number is
// limited, so a flood of refusals writes very little.
import type { Refusals as Store } from "../../d1/refusals.ts";
import { type Bucket, take } from "../../intake/bucket.ts";
import type { ConfiguredSource } from "../../config/configured.ts";
import { type Diagnosis, diagnose, saysEnded } from "./diagnose.ts";
import type { Rejection } from "../../errors.ts";
import type { Inbound } from "../../verify/readings.ts";
import type { Log } from "../../log.ts";
import type { Rate } from "../../types.ts";
import { handshake } from "../handshake.ts";
import { isEnded } from "../../verify/in-force.ts";
import { verify } from "../../verify/verify.ts";
import { adviseOn, isVerification } from "../../reasons.ts";

/** Per source and reason in one isolate: three at once, then one every ten seconds. */
const ALIKE: Rate = { burst: 3, periodMs: 30_000 };
/** For all of them in one isolate: twenty at once, then one every two seconds. */
const ALL: Rate = { burst: 20, periodMs: 40_000 };

/** Per source in one isolate: requests of addresses that may not connect, and are read all the same. */
const BARRED: Rate = { burst: 3, periodMs: 60_000 };

/**
 * Largest body, in bytes, that is diagnosed. The sender has its answer by then, but the requests that follow share the
 * isolate's CPU time.
 */
const DIAGNOSED = 256 * 1024;

/** A request that was turned away. */
export interface TurnedAway {
  readonly name: string;
  /** `null` if no source has the name, or its configuration is wrong. */
  readonly source: ConfiguredSource | null;
  readonly rejection: Rejection;
  readonly status: number;
  readonly address: string;
  /** `null` if the code that refused it did not hand it over; the refusal is then not diagnosed. */
  readonly inbound: Inbound | null;
}

/** The refusals of one isolate. */
export class RefusalBook {
  readonly #store: Pick<Store, "keep">;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #alike = new Map<string, Bucket>();
  readonly #barred = new Map<string, Bucket>();
  #all: Bucket | null = null;

  constructor(store: Pick<Store, "keep">, now: () => number, log: Log) {
    this.#store = store;
    this.#now = now;
    this.#log = log;
  }

  /**
   * Whether one more of this kind is kept. Names come from the configuration and reasons are few, so the count of
   * buckets is bounded.
   */
  wants(source: string, { reason }: Rejection): boolean {
    const kind = `${source} ${reason}`;
    const alike = take(this.#alike.get(kind) ?? null, ALIKE, this.#now());
    this.#alike.set(kind, alike.state);
    if (!alike.ok) return false;
    const all = take(this.#all, ALL, this.#now());
    this.#all = all.state;
    return all.ok;
  }

  /** Whether one more request to this source is read although its address may not connect. */
  reads(source: string): boolean {
    const read = take(this.#barred.get(source) ?? null, BARRED, this.#now());
    this.#barred.set(source, read.state);
    return read.ok;
  }

  /**
   * Looks into it, writes it down, and never rejects. For after the answer: it may verify the request some sixty times
   * over.
   */
  async keep(turnedAway: TurnedAway): Promise<void> {
    const { name, rejection, status, address } = turnedAway;
    const at = this.#now();
    const { reason, ...evidence } = rejection;
    try {
      const { code, advice, said } = await explain(turnedAway, at);
      this.#log.warn("ingest.rejected", { source: name, address, status, ...rejection, code, advice });
      await this.#store.keep({
        source: name,
        at,
        status,
        reason,
        code,
        advice,
        address,
        evidence: JSON.stringify({ ...evidence, ...(said === undefined ? {} : { said }) }),
      });
    } catch (error) {
      this.#log.warn("refusal.not_kept", { source: name, address, status, reason, error: String(error) });
    }
  }
}

async function explain({ source, rejection, inbound }: TurnedAway, now: number): Promise<Diagnosis> {
  const plain = { code: rejection.reason, advice: adviseOn(rejection, source?.scheme.name ?? "The sender") };
  if (source === null || inbound === null) return plain;
  const { scheme: provider, secrets, settings } = source;
  if (rejection.reason === "address_refused") {
    const { ok } = await verify(inbound, provider, secrets, settings, now);
    return ok ? newAddress(rejection.address, provider.name) : plain;
  }
  // What is refused for anything but its proof may be a handshake.
  if (!isVerification(rejection)) return (await endedHandshake(source, inbound, now)) ?? plain;
  if (inbound.body.byteLength > DIAGNOSED) return plain;
  return await diagnose(rejection, { request: inbound, provider, secrets, settings, now });
}

/** A handshake that one of the secrets which have ended would have answered. */
async function endedHandshake(
  { scheme, secrets, settings }: ConfiguredSource,
  inbound: Inbound,
  now: number,
): Promise<Diagnosis | null> {
  for (const { name, value, until = 0 } of secrets.filter((one) => isEnded(one, now))) {
    const answer = await handshake(inbound, scheme, [{ name, value }], settings, "before-verify");
    if (answer !== null && answer.status < 300) return saysEnded(name, until, scheme.name);
  }
  return null;
}

/** @param address of whoever has the secret, and may not connect */
function newAddress(address: string, name: string): Diagnosis {
  const advice = `The signature is right, and the address ${address} is new: ${name} sends from it, or somebody who has captured a request does. If it is on the list that ${name} publishes, add it to allow.`;
  return { code: "address_new", advice };
}
