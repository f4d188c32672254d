// `npm run shards`: how Intake objects scale, by the model; writes the plot and the table of docs/shards.md.
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { endWithReader } from "../../src/cli/reader.ts";
import { plot } from "./plot.ts";
import { type Result, simulate } from "./shard-model.ts";

endWithReader();

const docs = resolve(import.meta.dirname, "../../docs");
const COUNTS = [1, 2, 4, 8, 16, 32];
/** Nine tenths of what the requests of one object are enough for, acceptance and outcome. */
const PER_SHARD = 180;
const SECONDS = 20;

function measure(rated: boolean): Result[] {
  return COUNTS.map((shards) => {
    process.stdout.write(`${rated ? "a source with a rate" : "a source without a rate"}, ${shards} objects… `);
    const result = simulate({ shards, rated, perSecond: PER_SHARD * shards, seconds: SECONDS, seed: 1 });
    process.stdout.write(`${result.accepted} accepted, ${result.delivered} delivered a second\n`);
    return result;
  });
}

const free = measure(false);
const rated = measure(true);

const head = `| objects | sent/s | accepted/s | delivered/s | in D1/s | p99 wait | with a rate: accepted/s | delivered/s | p99 wait |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`;
const rows = COUNTS.map((shards, n) => {
  const [one, other] = [free[n], rated[n]];
  const cells = [shards, shards * PER_SHARD, one?.accepted, one?.delivered, one?.inD1, `${one?.p99} ms`];
  return `| ${[...cells, other?.accepted, other?.delivered, `${other?.p99} ms`].join(" | ")} |`;
});

const picture = plot("How Intake objects scale", COUNTS, [
  {
    title: "events a second, by the number of objects",
    lines: [
      { name: "accepted", values: free.map(({ accepted }) => accepted), colour: 0 },
      { name: "delivered", values: free.map(({ delivered }) => delivered), colour: 1 },
      { name: "in D1", values: free.map(({ inD1 }) => inD1), colour: 2 },
      { name: "accepted, one source with a rate", values: rated.map(({ accepted }) => accepted), colour: 3 },
    ],
  },
  {
    title: "99 of 100 senders wait less than, in ms",
    lines: [
      { name: "without a rate", values: free.map(({ p99 }) => p99), colour: 0 },
      { name: "one source with a rate", values: rated.map(({ p99 }) => p99), colour: 3 },
    ],
  },
]);

const page = resolve(docs, "shards.md");
const text = await readFile(page, "utf8");
const [begin, end] = ["<!-- table -->", "<!-- /table -->"];
const table = `${begin}\n\n${[head, ...rows].join("\n")}\n\n${end}`;
await writeFile(
  page,
  text.replace(new RegExp(`${begin}[\\s\\S]*${end}`), () => table),
);
await writeFile(resolve(docs, "shards.svg"), picture);
process.stdout.write("written: docs/shards.md and docs/shards.svg\n");
