// hookline import: events that another relay has exported are written into this one's history, and nothing is sent.
import { createReadStream } from "node:fs";
import type { ClientResponse } from "hono/client";
import type { StatusCode } from "hono/utils/http-status";
import { setTimeout as sleep } from "node:timers/promises";
import { cutForSealing, decodeBody, INLINE_BYTES } from "../../bytes/body.ts";
import { importLine, type ImportLine, type ImportPart, MOST_LINES } from "../../contract/import.ts";
import { taking } from "../options.ts";
import { plain } from "../table.ts";
import type { Asked, Terminal } from "../verb.ts";
import { answered, type Client, Fault, remote } from "./client.ts";
import { linesOf, openProgress } from "./ndjson.ts";

/** Characters of JSON in one request: the relay takes 2 MiB. */
const MOST = 900_000;
/** After a relay that could not be reached, or had a fault of its own, in ms; then it is given up. */
const PAUSES_MS = [500, 2_000, 5_000, 15_000, 30_000];

const verb = remote(
  {
    summary: "writes exported events into the history of another relay",
    usage: "import FILE [--as-source S] [--from LINE] [--relay URL]",
    help: "Adds the events of FILE (- is standard input), written by hookline export, to the history of this relay, with their ids, times and attempts. Nothing is sent; a replay sends. Needs the role admin. Events that are already there do not change, so you can repeat the command after an interruption.",
    options: {
      "as-source": taking("S", "as events of this source; repeats from their sender are then new events"),
      from: taking("LINE", "begins with this line of FILE; 1 is the first"),
      relay: taking("URL", "instead of HOOKLINE_URL"),
    },
    examples: [
      "import events.ndjson --relay https://new.example.workers.dev",
      "import stripe.ndjson --as-source stripe-eu",
      "import events.ndjson --from 120001",
    ],
    names: 1,
  },
  async (client, asked, terminal) => {
    const [path = ""] = asked.names;
    const from = fromOf(asked);
    const work = new Import(client, asked.options["as-source"]);
    const progress = openProgress(terminal.err, () => `line ${work.line}: ${work.imported} events imported so far`);
    try {
      await readInto(work, path, from);
    } catch (error) {
      if (error instanceof Fault && work.sentTo > 0)
        throw new Fault(
          `${error.message}\nImported up to line ${work.sentTo}. Continue with --from ${work.sentTo + 1}`,
        );
      throw error;
    } finally {
      progress.stop();
    }
    return tell(work, asked, terminal);
  },
);

function fromOf({ options: { from } }: Asked): number {
  if (typeof from !== "string") return 1;
  if (!/^[1-9]\d{0,11}$/.test(from)) throw new Fault("--from takes the number of a line, from 1 on");
  return Number(from);
}

async function readInto(work: Import, path: string, from: number): Promise<void> {
  try {
    const pieces = path === "-" ? process.stdin : createReadStream(path);
    for await (const line of linesOf(pieces)) {
      work.line += 1;
      if (work.line >= from && line.length > 1) await work.take(line);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("E"))
      throw new Fault(`${path} cannot be read (${error.code})`);
    throw error;
  }
  await work.flush();
}

/** One walk through a file: what is gathered for the next request, and what it has come to. */
class Import {
  readonly #client: Client;
  readonly #source: string | null;
  #lines: { readonly n: number; readonly line: ImportLine }[] = [];
  #size = 0;
  /** The line that was read last, and the one up to which all is done. */
  line = 0;
  sentTo = 0;
  imported = 0;
  known = 0;
  cancelled = 0;
  expired = 0;
  readonly missing = new Set<string>();

  constructor(client: Client, source: unknown) {
    this.#client = client;
    this.#source = typeof source === "string" ? source : null;
  }

  async take(bytes: Buffer): Promise<void> {
    const read = this.#read(bytes);
    const line = await this.#uploaded(read);
    if (line === null) {
      this.known += 1;
      return;
    }
    const { length } = JSON.stringify(line);
    if (this.#size + length > MOST || this.#lines.length === MOST_LINES) await this.flush();
    this.#lines.push({ n: this.line, line });
    this.#size += length;
  }

  async flush(): Promise<void> {
    const lines = this.#lines;
    if (lines.length > 0) {
      const json = {
        lines: lines.map(({ line }) => line),
        ...(this.#source === null ? {} : { as_source: this.#source }),
      };
      const answer = await patiently(
        () => this.#client.import.$post({ json }),
        (said) => said.replaceAll(/\blines\.(\d+)/g, (_, n: string) => `line ${lines[Number(n)]?.n ?? "?"}`),
      );
      this.imported += answer.imported;
      this.known += answer.known;
      this.cancelled += answer.cancelled;
      this.expired += answer.expired;
      for (const one of answer.not_configured) this.missing.add(one);
    }
    this.#lines = [];
    this.#size = 0;
    this.sentTo = Math.max(this.sentTo, lines.at(-1)?.n ?? 0);
  }

  #read(bytes: Buffer): ImportLine {
    let sent: unknown;
    try {
      sent = JSON.parse(bytes.toString());
    } catch {
      throw new Fault(
        `line ${this.line} is no JSON. If the export broke off there: hookline export --resume FILE completes it`,
      );
    }
    const parsed = importLine.safeParse(sent);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Fault(`line ${this.line}: ${plain(issue?.path.join(".") ?? "")}: ${plain(issue?.message ?? "")}`);
  }

  /** A large body goes first, in pieces; `null` where the relay has the event. */
  async #uploaded(line: ImportLine): Promise<ImportLine | null> {
    if (line.body.length <= INLINE_BYTES / 3) return line;
    const bytes = decodeBody(line.encoding, line.body);
    if (bytes.length <= INLINE_BYTES) return line;
    const { encoding, pieces } = cutForSealing(bytes);
    let receipt: string | null = null;
    for (const [n, piece] of pieces.entries()) {
      const json: ImportPart = {
        event: line.id,
        source: this.#source ?? line.source,
        receipt,
        n,
        encoding,
        data: Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("base64"),
      };
      const answer: { receipt: string | null } = await patiently(
        () => this.#client.import.parts.$post({ json }),
        (said) => `line ${this.line}: ${said}`,
      );
      ({ receipt } = answer);
      if (receipt === null) return null;
    }
    return { ...line, encoding, body: "", uploaded: { receipt: receipt ?? "", parts: pieces.length } };
  }
}

/** An answer; a fault that may pass is waited for. Whatever is asked for twice is done once. */
async function patiently<T>(
  ask: () => Promise<ClientResponse<T, StatusCode, "json">>,
  worded: (said: string) => string,
): Promise<T> {
  for (const pause of PAUSES_MS) {
    const response = await ask().catch(() => null);
    if (response !== null && response.status < 500) return await answered(Promise.resolve(response)).catch(reworded);
    await sleep(pause);
  }
  return await answered(ask()).catch(reworded);

  function reworded(error: unknown): never {
    throw error instanceof Fault ? new Fault(worded(error.message)) : error;
  }
}

function tell(work: Import, { json }: Asked, { out, err }: Terminal): number {
  const { imported, known, cancelled, expired } = work;
  const missing = [...work.missing].toSorted();
  const code = expired > 0 ? 1 : 0;
  if (json) {
    out(JSON.stringify({ imported, known, cancelled, expired, not_configured: missing, lines: work.line }));
    return code;
  }
  out(`imported ${imported} events${known > 0 ? `; ${known} were here already` : ""}`);
  if (cancelled > 0) err(`${cancelled} open deliveries were imported as cancelled: hookline replay ID opens them`);
  if (missing.length > 0) err(`not configured here, so you cannot replay to them: ${missing.map(plain).join(", ")}`);
  if (expired > 0)
    err(
      `${expired} events were left out, because they are older than this relay keeps events: raise RETENTION_DAYS, or bind EVENT_ARCHIVE, deploy, and run it again`,
    );
  return code;
}

export const verbs = { import: verb };
