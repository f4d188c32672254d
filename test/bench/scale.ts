// `npm run scale`: what an event takes in D1, measured at a relay on workerd by the size of its body, and how long a
// database of 10 GB lasts by that; writes the table and the plot of docs/scale.md.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { endWithReader } from "../../src/cli/reader.ts";
import { LIMITS } from "../../src/contract/prices.ts";
import { type Relay, SOURCE, stateRoot, withRelay } from "./measured-relay.ts";
import { plot } from "./plot.ts";
import { startReceiver } from "./receiver.ts";
import { daysOf, type Measured, metadataOf, sizeAfter } from "./scale-model.ts";
import { sender } from "./traffic.ts";

endWithReader();

const KB = 1024;
/** Bodies in bytes, and how many events of each are sent: 256 KB and more are kept in parts. */
const SIZES = [
  { bytes: KB / 4, events: 1_000 },
  { bytes: KB, events: 1_000 },
  { bytes: 4 * KB, events: 500 },
  { bytes: 16 * KB, events: 300 },
  { bytes: 64 * KB, events: 150 },
  { bytes: 1_024 * KB, events: 30 },
];
const CONNECTIONS = 16;
/** Destinations of the source `five`. */
const FIVE = 5;
const TOKEN = randomBytes(16).toString("hex");

const overview = z.object({
  backlog: z.object({ open: z.number(), journal: z.object({ waiting: z.number() }).nullable() }),
});

async function post(relay: Relay, path: string, bytes: number): Promise<void> {
  const id = randomUUID();
  const frame = JSON.stringify({ id, text: "" });
  const body = JSON.stringify({ id, text: "x".repeat(bytes - frame.length) });
  const headers = {
    "content-type": "application/json",
    "cf-connecting-ip": sender,
    "x-github-event": "push",
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${createHmac("sha256", relay.secret).update(body).digest("hex")}`,
  };
  const response = await fetch(relay.url + path, { method: "POST", headers, body });
  await response.arrayBuffer();
  // Too many large bodies at once: the sender comes again.
  if (response.status === 503) await sleep(200).then(() => post(relay, path, bytes));
  else if (!response.ok) throw new Error(`${path} answers ${response.status}`);
}

/** Sends so many, and waits until all of them are in D1 and delivered. @returns the size of D1 */
async function send(relay: Relay, path: string, bytes: number, events: number): Promise<number> {
  let left = events;
  const connection = async () => {
    for (left -= 1; left >= 0; left -= 1) await post(relay, path, bytes);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  for (;;) {
    await sleep(500);
    const response = await fetch(`${relay.url}/api/overview`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const { backlog } = overview.parse(await response.json());
    if (backlog.open === 0 && backlog.journal?.waiting === 0) return await relay.databaseSize();
  }
}

async function measured(path: string, bytes: number, events: number, receiver: string): Promise<number> {
  const names = Array.from({ length: FIVE }, (_, n) => `five-${n}`);
  const more = {
    sources: { five: SOURCE },
    destinations: Object.fromEntries(names.map((name) => [name, { url: receiver }])),
    routes: { five: { from: "five", to: names } },
  };
  const options = { secrets: { ADMIN_TOKEN: TOKEN }, more };
  return await withRelay(
    "counted.ts",
    receiver,
    async (relay) => {
      // What the first events bring with them is not what an event takes.
      const before = await send(relay, path, bytes, Math.ceil(events / 10));
      const after = await send(relay, path, bytes, events);
      return (after - before) / events;
    },
    options,
  );
}

await rm(stateRoot, { recursive: true, force: true });
await mkdir(stateRoot, { recursive: true });
const receiver = await startReceiver();
const all: Measured[] = [];
for (const { bytes, events } of SIZES) {
  const stored = await measured("/in/github", bytes, events, receiver.url);
  process.stdout.write(`a body of ${bytes} bytes: ${Math.round(stored)} bytes in D1\n`);
  all.push({ bytes, stored });
}
const [first, five] = [
  all.find(({ bytes }) => bytes === KB)?.stored ?? 0,
  await measured("/in/five", KB, 500, receiver.url),
];
const perDestination = Math.round((five - first) / (FIVE - 1));
process.stdout.write(`each further destination: ${perDestination} bytes\n`);
await receiver.close();
await rm(stateRoot, { recursive: true, force: true });

const full = LIMITS.d1_bytes.paid ?? 0;
const DAILY = 100_000;
const whole = (n: number) => (n < 1 ? "< 1" : Math.floor(n).toLocaleString("en"));
const metadata = metadataOf(all);
const head = `| body | in D1 | days in 10 GB at 10,000 events a day | at 100,000 | at a million | at 100,000, with bodies kept for 7 days |
| ---: | ---: | ---: | ---: | ---: | ---: |`;
const rows = all.map((one) => {
  const days = [10_000, DAILY, 1_000_000].map((daily) => whole(daysOf(one.stored, daily, full)));
  const short = daysOf(metadata, DAILY, full - 7 * DAILY * (one.stored - metadata));
  const cells = [`${one.bytes / KB} KB`, `${whole(one.stored)} B`, ...days, short <= 0 ? "–" : whole(short)];
  return `| ${cells.join(" | ")} |`;
});
const facts = `An event without its body takes ${whole(metadata)} B, each further destination ${perDestination} B.`;

const page = resolve(import.meta.dirname, "../../docs/scale.md");
const text = await readFile(page, "utf8");
const [begin, end] = ["<!-- table -->", "<!-- /table -->"];
const table = `${begin}\n\n${[head, ...rows].join("\n")}\n\n${facts}\n\n${end}`;
await writeFile(
  page,
  text.replace(new RegExp(`${begin}[\\s\\S]*${end}`), () => table),
);

const days = [0, 15, 30, 45, 60, 75, 90];
const sizes = all.filter(({ bytes }) => bytes <= 64 * KB);
await writeFile(
  resolve(import.meta.dirname, "../../docs/scale.svg"),
  plot("How large D1 becomes", days, [
    {
      title: "GB in D1, by days of retention: bodies of 1 KB",
      lines: [
        ...[50_000, DAILY, 200_000].map((daily, n) => ({
          name: `${whole(daily)} events a day`,
          values: days.map((kept) => sizeAfter(first, daily, kept) / 1e9),
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- three of the four colours
          colour: n as 0 | 1 | 2,
        })),
        { name: "full, paid plan", values: days.map(() => full / 1e9), colour: 3 },
      ],
    },
    {
      title: `days in 10 GB, by KB of body: ${whole(DAILY)} a day`,
      positions: sizes.map(({ bytes }) => bytes / KB),
      lines: [
        { name: "events as they are", values: sizes.map(({ stored }) => daysOf(stored, DAILY, full)), colour: 0 },
        {
          name: "bodies kept for 7 days",
          values: sizes.map(({ stored }) =>
            Math.max(0, daysOf(metadata, DAILY, full - 7 * DAILY * (stored - metadata))),
          ),
          colour: 1,
        },
      ],
    },
  ]),
);
process.stdout.write("written: docs/scale.md and docs/scale.svg\n");
