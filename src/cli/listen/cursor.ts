// How far somebody has seen the deliveries of a tunnel: kept by a name on this machine, so that what others answered
// meanwhile is told to whoever comes back.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { parsed } from "../../bytes/json.ts";
import type { DeliveryAnswer, DeliveryPage } from "../../contract/history.ts";
import { namesOfBytes, wants, type Wishes } from "../../tunnel/wishes.ts";
import { wholeEvent } from "../../api/routes.ts";
import { answered, type Client, Fault, heard } from "../relay/client.ts";

/** Deliveries told at once of what was missed; older ones are in the history. */
const MOST_MISSED = 500;
const PAGE = 100;
/** Events that are remembered as seen. */
const MOST_SEEN = 1_000;

/** All that came before `at` was seen, and of what came later these events. */
const place = z.object({ at: z.string(), seen: z.array(z.string()) });
type Place = z.output<typeof place>;
const places = z.record(z.string(), place);

export interface Missed {
  /** Oldest first. */
  readonly deliveries: readonly DeliveryAnswer[];
  /** Whether there was more than is told. */
  readonly more: boolean;
}

export class Cursor {
  readonly #key: string | null;
  #place: Place | null;

  /**
   * @param relay where the tunnel is
   * @param as the name under which it is kept; `null` for as long as the command runs
   */
  constructor(relay: string, destination: string, as: string | null) {
    this.#key = as === null ? null : `${as} ${relay} ${destination}`;
    this.#place = this.#key === null ? null : (read()[this.#key] ?? null);
  }

  /** Somebody has seen what became of it. */
  see(event: string): void {
    if (this.#place === null) return;
    const seen = [...this.#place.seen.filter((one) => one !== event), event].slice(-MOST_SEEN);
    this.#place = { ...this.#place, seen };
    this.#keep();
  }

  /** What has ended since it was looked last, of what is wanted. At first nothing: it begins now. */
  async missed(client: Client, destination: string, wishes: Wishes): Promise<Missed> {
    const since = this.#place;
    const found: DeliveryAnswer[] = [];
    let more = false;
    let on: { cursor: string } | null = null;
    do {
      const narrowed: Record<string, string> = since === null ? { limit: "1" } : { limit: `${PAGE}`, since: since.at };
      const page: DeliveryPage = await answered(client.deliveries.$get({ query: { destination, ...narrowed, ...on } }));
      found.push(...page.deliveries);
      on = since === null || page.next === null ? null : { cursor: page.next };
      more = on !== null && found.length >= MOST_MISSED;
    } while (on !== null && !more);
    // What is still open is told once it has ended.
    const open = found.filter(({ ended_at: ended }) => ended === null).map(({ received_at: at }) => at);
    const newest = found
      .map(({ received_at: at }) => at)
      .toSorted()
      .at(-1);
    const at = open.toSorted()[0] ?? newest ?? since?.at ?? new Date(0).toISOString();
    const seen = new Set(since?.seen);
    const ended = found.filter(({ ended_at: end }) => end !== null);
    this.#place = { at, seen: [...seen, ...ended.map(({ event }) => event)].slice(-MOST_SEEN) };
    this.#keep();
    const told: DeliveryAnswer[] = [];
    for (const one of since === null ? [] : ended)
      if (!seen.has(one.event) && (await isWanted(client, one, wishes))) told.push(one);
    return { deliveries: told.toReversed(), more };
  }

  #keep(): void {
    if (this.#key === null || this.#place === null) return;
    const path = file();
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Another one may be listening under another name.
      writeFileSync(`${path}.new`, JSON.stringify({ ...read(), [this.#key]: this.#place }), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch (error) {
      throw new Fault(`${path} cannot be written, where --as keeps what was seen: ${String(error)}`);
    }
  }
}

/** A condition reads what came; of what was sent the history has no copy. */
async function isWanted(client: Client, one: DeliveryAnswer, wishes: Wishes): Promise<boolean> {
  const { event: id, source, type, received_at: at } = one;
  const told = { id, source, type, receivedAt: Date.parse(at) };
  if (wishes.when === undefined) return wants(wishes, one, namesOfBytes({ ...told, headers: {} }, NOTHING));
  const response = await heard(client.events[":id"].$get({ param: { id } }));
  const { headers, body, encoding } = wholeEvent.parse(await response.json());
  return wants(
    wishes,
    one,
    namesOfBytes({ ...told, headers }, Buffer.from(body, encoding === "base64" ? "base64" : "utf8")),
  );
}

const NOTHING = new Uint8Array();

/** Where cursors are kept (https://specifications.freedesktop.org/basedir-spec/latest/). */
function file(): string {
  const { XDG_STATE_HOME: state = join(homedir(), ".local", "state") } = process.env;
  return join(state, "hookline", "listen.json");
}

/** All that are kept; none where the file is missing or is none of ours. */
function read(): Record<string, Place> {
  try {
    return places.safeParse(parsed(readFileSync(file(), "utf8"))).data ?? {};
  } catch {
    return {};
  }
}
