// Does a list cost the same in a history of a million events as in one of ten thousand? Rows that D1 reads, and time, of every list.
import { randomBytes } from "node:crypto";
import { type Relay, withRelay } from "./measured-relay.ts";
import { percentile } from "./statistics.ts";

export interface HistoryCost {
  readonly list: string;
  /** For each size of the history. */
  readonly sizes: readonly { readonly events: number; readonly rows: number; readonly ms: number }[];
  /** Rows of the last size to rows of the first. */
  readonly ratio: number;
}

/** Events in one statement: D1 takes seconds for it, and has a limit of thirty. */
const chunk = 100_000;
/** Between two events, in ms: a million are a month. */
const apart = 2_600;
const hourMs = 60 * 60_000;
/** How often each list is asked for; the first time warms up. */
const times = 5;

/** Some 300 bytes of body; one event in ten is the other source's. */
const events = `
WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
INSERT INTO events (seq, id, receipt, source, type, received_at, verified_by, headers, encoding, size, body, parts)
SELECT i, printf('evt_%032x', i), printf('%016x', i), iif(i % 10 = 0, 'quiet', 'github'), iif(i % 3 = 0, 'push', 'issues'),
       ?3 + i * ${apart}, 'GITHUB_SECRET', '{"content-type":"application/json"}', 'text', 300,
       printf('{"number":%d,"text":"%.*c"}', i, 270, 'x'), 0
FROM n`;
/** One in a hundred has failed, after a retry; what waits is of the newest, as much of it in every history. */
const deliveries = `
INSERT INTO deliveries (event, destination, route, receipt, state, reason, attempt, due_at, look_at, started_at, latency_ms, status, excerpt, ended_at)
SELECT seq, 'receiver', 'all', receipt,
       CASE WHEN seq > ?3 - 200 THEN 'pending' WHEN seq % 100 = 0 THEN 'failed' ELSE 'delivered' END,
       iif(seq % 100 = 0 AND seq <= ?3 - 200, 'exhausted', NULL), iif(seq % 100 = 0, 2, 1), received_at,
       iif(seq > ?3 - 200, received_at + 86400000, NULL), received_at, 12, iif(seq % 100 = 0, 503, 200), 'ok',
       iif(seq > ?3 - 200, NULL, received_at + 12)
FROM events WHERE seq BETWEEN ?1 AND ?2`;
const attempts = `
INSERT INTO attempts (event, destination, n, started_at, latency_ms, status, outcome, excerpt)
SELECT event, destination, n.value, started_at, 12, 503, iif(n.value = 1, 'retry', 'failed'), 'no'
FROM deliveries JOIN json_each('[1,2]') n WHERE event BETWEEN ?1 AND ?2 AND event % 100 = 0`;

/** What is asked for. The newest event was received at `newest`; `id` is in the middle of the history. */
const lists = (newest: number, id: string): Readonly<Record<string, string>> => {
  const at = (hours: number) => new Date(newest - hours * hourMs).toISOString();
  return {
    events: "/api/events",
    "events of one source": "/api/events?source=quiet",
    "events of a type that there is not": "/api/events?type=nothing",
    "events between two times": `/api/events?since=${at(3)}&until=${at(2)}`,
    "events of a source before a time": `/api/events?source=quiet&until=${at(2)}`,
    "events with a text, which is rare": "/api/events?text=nowhere",
    "events with a text, which is common": "/api/events?text=number",
    "events of a source with a text": `/api/events?text=nowhere&source=quiet&until=${at(2)}`,
    "one event": `/api/events/${id}`,
    deliveries: "/api/deliveries",
    "deliveries, failed": "/api/deliveries?state=failed",
    "deliveries, failed, before a time": `/api/deliveries?state=failed&until=${at(2)}`,
    "deliveries, pending": "/api/deliveries?state=pending",
    "deliveries to one destination": "/api/deliveries?destination=receiver",
    "deliveries to a destination that there is not": "/api/deliveries?destination=nobody",
    overview: "/api/overview",
    sources: "/api/sources",
    destinations: "/api/destinations",
    "preview of a bulk replay": "/api/replays/preview?state=failed",
    "preview of a bulk replay between two times": `/api/replays/preview?since=${at(3)}&until=${at(2)}`,
    audit: "/api/audit",
  };
};

/** @param sizes events of each history, from the smallest to the largest; one is filled up to the next */
export async function historyCosts(receiver: string, sizes: readonly number[]): Promise<HistoryCost[]> {
  const token = randomBytes(16).toString("hex");
  return await withRelay(
    "counted.ts",
    receiver,
    async (relay) => {
      const found = new Map<string, { events: number; rows: number; ms: number }[]>();
      const began = Date.now() - Math.max(...sizes) * apart;
      await ask(relay, "/api/events", token); // makes the tables
      let filled = 0;
      for (const size of sizes) {
        await fill(relay, filled, size, began);
        filled = size;
        const middle = `evt_${Math.floor(size / 2)
          .toString(16)
          .padStart(32, "0")}`;
        for (const [list, path] of Object.entries(lists(began + size * apart, middle))) {
          const cost = { events: size, ...(await costOf(relay, path, token)) };
          found.set(list, [...(found.get(list) ?? []), cost]);
        }
      }
      return [...found].map(([list, costs]) => {
        const [first, last] = [costs.at(0)?.rows ?? 0, costs.at(-1)?.rows ?? 0];
        return { list, sizes: costs, ratio: first === 0 && last === 0 ? 1 : last / first };
      });
    },
    { secrets: { ADMIN_TOKEN: token } },
  );
}

async function fill(relay: Relay, from: number, to: number, began: number): Promise<void> {
  for (let first = from + 1; first <= to; first += chunk) {
    const last = Math.min(to, first + chunk - 1);
    await relay.query(events, first, last, began);
    await relay.query(deliveries, first, last, to);
    await relay.query(attempts, first, last);
  }
  // Those that waited in the smaller history have been delivered since.
  await relay.query(
    "UPDATE deliveries SET state = 'delivered', look_at = NULL, ended_at = started_at WHERE state = 'pending' AND event <= ?1",
    to - 200,
  );
}

async function costOf(relay: Relay, path: string, token: string): Promise<{ rows: number; ms: number }> {
  await ask(relay, path, token);
  const before = await rowsRead(relay);
  const all: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const begins = performance.now();
    await ask(relay, path, token);
    all.push(performance.now() - begins);
  }
  return { rows: ((await rowsRead(relay)) - before) / times, ms: percentile(all, 0.5) };
}

async function ask({ url }: Relay, path: string, token: string): Promise<void> {
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
}

async function rowsRead({ url }: Relay): Promise<number> {
  const counts: unknown = await (await fetch(`${url}/counts`)).json();
  return Number(Object(counts)["D1 rows read"]);
}
