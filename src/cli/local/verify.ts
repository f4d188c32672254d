// hookline verify: would the relay take this captured request, and if not, what fixes it? Asks nobody.
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { identify } from "../../in/identify.ts";
import { diagnose } from "../../in/refusals/diagnose.ts";
import { iso } from "../../time.ts";
import { verify } from "../../verify/verify.ts";
import { counting, taking } from "../options.ts";
import { captured } from "../sender/captured.ts";
import { targetOf } from "../sender/target.ts";
import { plain } from "../table.ts";
import { type Asked, misused, refused, type Terminal, type Verb } from "../verb.ts";
import { judgeRows } from "./judge-file.ts";
import { judgeVector } from "./known-answers.ts";

export const verb: Verb = {
  usage: "verify PROVIDER|SOURCE [FILE|-] [--secret-file FILE] [--at TIME] [--url URL] | verify --vectors FILE",
  help: [
    "Verifies a request that was captured elsewhere, as the relay would, and says what would fix a refusal.",
    "FILE is a curl command, a HAR file, or raw HTTP (request line, headers, empty line, body); - or nothing is standard input.",
    "The secret is that of the source in wrangler.toml, .dev.vars and the environment. Neither it nor the body is printed.",
  ].join("\n"),
  options: {
    "secret-file": taking("FILE", "the secret, or the sender\u2019s public key, in this file"),
    source: taking("S", "the source, if wrangler.toml has several of this provider"),
    config: { ...taking("FILE", "where the source is configured"), default: "wrangler.toml" },
    at: taking("TIME", "verifies it as of this time, ISO 8601; now by default"),
    url: taking("URL", "the URL that the sender was given, for senders that sign it"),
    entry: { ...counting("N", "which request of a HAR file"), default: "1" },
    vectors: taking("FILE", "instead: a list of requests with their expected verdicts"),
  },
  examples: [
    "verify github request.curl",
    "verify stripe capture.har --entry 3 --at 2026-03-01T09:30:00Z",
    "verify --vectors vectors.json",
  ],
  names: 0,
  optional: 2,
  async run(asked, terminal) {
    const { vectors } = asked.options;
    if (typeof vectors === "string") return await vectorsOf(vectors, asked, terminal);
    const judged = await judge(asked);
    if (typeof judged === "string") {
      return asked.names.length === 0 ? misused(judged, asked, terminal) : refused(judged, asked, terminal);
    }
    return tell(judged, asked, terminal);
  },
};

/** A file of known answers, each line of what is said of it. */
async function vectorsOf(file: string, asked: Asked, terminal: Terminal): Promise<number> {
  if (!asked.json) return await judgeRows(file, judgeVector, terminal.out);
  const lines: string[] = [];
  const code = await judgeRows(file, judgeVector, (line) => void lines.push(line));
  if (code === 2) return misused(lines.join("\n"), asked, terminal);
  terminal.out(JSON.stringify({ ok: code === 0, says: lines }));
  return code;
}

/** What became of it, without a byte of the body. */
interface Judged {
  readonly ok: boolean;
  readonly provider: string;
  readonly secret: string | null;
  readonly type: string | null;
  readonly code: string | null;
  readonly advice: string | null;
}

async function judge({ names: [name, file = "-"], options }: Asked): Promise<Judged | string> {
  const text = (option: string) => (typeof options[option] === "string" ? options[option] : null);
  if (name === undefined) return "verify takes a provider or a source, and a captured request: hookline verify --help";
  const now = text("at") === null ? Date.now() : Date.parse(text("at") ?? "");
  if (Number.isNaN(now)) return "--at takes a time such as 2026-03-01T09:30:00Z";
  const bytes = await (file === "-" ? buffer(process.stdin) : readFile(file)).catch(() => null);
  if (bytes === null) return `${file} cannot be read`;
  const entry = Number(text("entry"));
  if (!Number.isInteger(entry) || entry < 1) return "--entry takes a number from 1 on";
  const found = captured(new Uint8Array(bytes), entry, text("url"));
  if ("why" in found) return found.why;
  const secretFile = text("secret-file");
  const secret = secretFile === null ? null : await readFile(secretFile, "utf8").catch(() => undefined);
  if (secret === undefined) return `${secretFile} cannot be read`;
  const order = {
    name,
    source: text("source"),
    to: found.url,
    config: text("config") ?? "wrangler.toml",
    secret: secret?.trim() ?? null,
  };
  const target = await targetOf(order);
  if (typeof target === "string") return target;
  const { provider, settings, signedUrl } = target;
  const request = { ...found, url: text("url") ?? signedUrl };
  const secrets = [target.secret];
  const verdict = await verify(request, provider, secrets, settings, now);
  const about = { provider: provider.name, secret: null, type: null };
  if (verdict.ok)
    return {
      ...about,
      ok: true,
      secret: verdict.value.secret,
      type: identify(request, provider, settings).type,
      code: null,
      advice: null,
    };
  const { code, advice } = await diagnose(verdict.rejection, { request, provider, secrets, settings, now });
  const old = code.startsWith("timestamp_");
  return {
    ...about,
    ok: false,
    code,
    advice: old ? `${advice} Judged at ${iso(now)}: --at TIME judges it at the time of its capture.` : advice,
  };
}

function tell({ ok, provider, secret, type, code, advice }: Judged, { json }: Asked, { out }: Terminal): number {
  if (json) out(JSON.stringify({ ok, provider, secret, type, code, advice }));
  else if (ok) out(`${provider} sent it: proven by ${secret ?? "its form"}, type ${plain(type ?? "")}`);
  else out(`refused, ${code}: ${plain(advice ?? "")}`);
  return ok ? 0 : 1;
}
