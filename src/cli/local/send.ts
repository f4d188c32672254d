// hookline send: a request as a sender makes it, genuine or not, to a relay that runs anywhere.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseDuration } from "../../config/forms.ts";
import { verify } from "../../verify/verify.ts";
import { flag, taking } from "../options.ts";
import { burst, type Summary } from "../sender/burst.ts";
import type { Wanted } from "../sender/draft.ts";
import { type Posted, post } from "../sender/post.ts";
import { inbound, notByDescription, proven } from "../sender/proof.ts";
import { sampleOf } from "../sender/samples.ts";
import { secretForSending } from "../sender/secret.ts";
import { type Target, targetOf } from "../sender/target.ts";
import { plain, table } from "../table.ts";
import { patiently } from "../waiting.ts";
import { type Asked, refused, type Terminal, type Verb } from "../verb.ts";

/** How much older than its sender's tolerance a request is that is sent as too old. */
const BEYOND_MS = 60_000;

export const verb: Verb = {
  usage:
    "send PROVIDER|SOURCE [EVENT] [--to URL] [--source S] [--data FILE] [--id ID] [--forge | --stale | --twice | --rate N/s --for 30s]",
  help: [
    "Sends a request that is signed as the sender would sign it. Secret and URL are those of the source in wrangler.toml,",
    ".dev.vars and the environment; HOOKLINE_URL says which relay, http://127.0.0.1:8787 unless it is set.",
    "Ends with 0 if the relay did what it should: --forge and --stale must be refused, the second of --twice is a repeat.",
  ].join("\n"),
  options: {
    to: taking("URL", "the complete URL to send to"),
    source: taking("S", "the source, if wrangler.toml has several of this provider"),
    data: taking("FILE", "this body instead of a sample, byte for byte"),
    id: taking("ID", "the sender\u2019s own id of the event; the same twice is a repeat"),
    "secret-file": taking("FILE", "signs with the secret in this file, or with the private key in PEM"),
    config: { ...taking("FILE", "where the source is configured"), default: "wrangler.toml" },
    forge: flag("signs with another secret: the relay must refuse it"),
    stale: flag("signs it as too old for the sender\u2019s tolerance: the relay must refuse it"),
    twice: flag("sends the same request once more: the relay must say that it is a repeat"),
    rate: taking("N/s", "sends many different events, and prints a summary"),
    for: taking("TIME", "with --rate: how long, such as 30s; 10s by default"),
  },
  examples: [
    "send github push",
    "send stripe invoice.paid --forge",
    "send github issues.opened --twice",
    "send stripe --rate 50/s --for 30s",
    "send shopify orders/create --to https://hookline.example.workers.dev/in/shop --secret-file shop.secret",
  ],
  names: 1,
  optional: 1,
  async run(asked, terminal) {
    const order = await understood(asked);
    if (typeof order === "string") {
      return refused(order, asked, terminal);
    }
    const { rate } = order;
    if (rate !== null) return await many(order, rate, asked, terminal);
    return await single(order, asked, terminal);
  },
};

/** What to send. */
interface Order {
  readonly target: Target;
  readonly event: string | null;
  readonly body: Wanted["body"];
  readonly id: string | null;
  readonly kind: "genuine" | "forged" | "stale" | "twice";
  readonly rate: { readonly perSecond: number; readonly ms: number } | null;
}

async function understood({ names, options }: Asked): Promise<Order | string> {
  const [name = "", second] = names;
  const event = second ?? null;
  const text = (option: string) => (typeof options[option] === "string" ? options[option] : null);
  const kinds = (["forge", "stale", "twice"] as const).filter((kind) => options[kind] === true);
  if (kinds.length + (text("rate") === null ? 0 : 1) > 1)
    return "of --forge, --stale, --twice and --rate only one can be sent at a time";
  const rate = rateOf(text("rate"), text("for"));
  if (typeof rate === "string") return rate;
  const secretFile = text("secret-file");
  const secret = secretFile === null ? null : await readFile(secretFile, "utf8").catch(() => undefined);
  if (secret === undefined) return `${secretFile} cannot be read`;
  const target = await targetOf({
    name,
    source: text("source"),
    to: text("to"),
    config: text("config") ?? "wrangler.toml",
    secret: secret === null ? null : secret.includes("PRIVATE KEY") ? secret : secret.trim(),
  });
  if (typeof target === "string") return target;
  if (!URL.canParse(target.url))
    return `${target.url} is no URL: write it whole, as in http://127.0.0.1:8787/in/github`;
  const data = text("data");
  const given = data === null ? null : await readFile(data, "utf8").catch(() => undefined);
  if (given === undefined) return `${data} cannot be read`;
  const sample = given === null ? await sampleOf(target.id, event) : { event, body: given };
  if ("events" in sample)
    return `there is no sample of ${event}. There are: ${sample.events.join(", ")}. Or send a body of your own: --data FILE`;
  const kind = kinds[0] === "forge" ? "forged" : (kinds[0] ?? "genuine");
  return { target, event: sample.event, body: sample.body, id: text("id"), kind, rate };
}

function rateOf(rate: string | null, time: string | null): Order["rate"] | string {
  if (rate === null) return time === null ? null : "--for goes with --rate";
  const [, count = ""] = /^(\d+(?:\.\d+)?)\/s$/.exec(rate) ?? [];
  const ms = parseDuration(time ?? "10s");
  if (Number(count) <= 0) return `--rate ${rate} is no rate: write it as 50/s`;
  return ms === null || ms <= 0
    ? `--for ${time} is no time: write it as 30s or 5min`
    : { perSecond: Number(count), ms };
}

/** The request, or why there is none that this sender would make. */
async function made({ target, event, body, id, kind }: Order, n: number | null) {
  const { provider, settings, signedUrl } = target;
  const { timestamp } = provider;
  if (kind === "stale" && timestamp?.tolerance === undefined)
    return {
      why: "nothing in its requests says when they were signed, so none is ever too old. A captured request can be sent again",
    };
  const now = Date.now();
  const at = kind === "stale" ? now - (timestamp?.tolerance ?? 0) * 1000 - BEYOND_MS : now;
  const wanted: Wanted = {
    provider,
    settings,
    url: signedUrl,
    event: typeof body === "string" && event === null ? null : event,
    id: n === null && id !== null ? id : randomUUID(),
    body,
    at,
  };
  const request = proven(wanted, kind === "forged" ? secretForSending(provider).secret : target.secret);
  if ("why" in request || kind === "forged" || kind === "stale") return request;
  // A private key proves nothing by itself: the source has the public half.
  if (target.secret.value.includes("PRIVATE KEY")) return request;
  const verdict = await verify(inbound(request), provider, [target.secret], settings, at);
  return verdict.ok ? request : { why: notByDescription(verdict.rejection) };
}

async function single(order: Order, { json }: Asked, terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  const request = await made(order, null);
  if ("why" in request) {
    const why = `${order.target.provider.name}: ${request.why}`;
    return refused(why, { json }, terminal);
  }
  const { url } = order.target;
  const posted = [await patiently(new URL(url), terminal, post(request, url))];
  if (order.kind === "twice") posted.push(await post(request, url));
  const fault = faultOf(order.kind, posted);
  if (json)
    out(
      JSON.stringify({
        ok: fault === null,
        url,
        kind: order.kind,
        requests: posted,
        ...(fault === null ? {} : { error: fault }),
      }),
    );
  else {
    const lines = posted.map(({ status, ms, event, kind, says }) => [
      status === 0 ? null : status,
      Math.round(ms),
      kind,
      event,
      says === null ? null : plain(says),
    ]);
    for (const line of table(["status", "ms", "", "event", "says"], lines, "")) out(line);
    if (fault !== null) err(fault);
    const event = posted[0]?.event ?? null;
    if (event !== null) err(`see: hookline event ${event}`);
  }
  return fault === null ? 0 : 1;
}

/** Why that was not what a relay should do, or `null`. */
function faultOf(kind: Order["kind"], posted: readonly Posted[]): string | null {
  const [first, second] = posted;
  if (first === undefined || first.status === 0)
    return `nobody answers: ${first?.says ?? ""}. Is the relay running? npm run dev starts one here`;
  const ok = first.status >= 200 && first.status < 300;
  if (kind === "forged" || kind === "stale") return ok ? `the relay took a ${kind} request` : null;
  if (!ok) return "the relay refused a genuine request: does it have the same secret?";
  if (kind !== "twice") return null;
  if (second === undefined || second.status !== first.status)
    return "the relay answered the repeat in another way than the first";
  return second.kind === "accepted" ? "the relay took the repeat for another event" : null;
}

async function many(
  order: Order,
  { perSecond, ms }: { perSecond: number; ms: number },
  { json }: Asked,
  { out, err }: Terminal,
): Promise<number> {
  const probe = await made(order, 0);
  if ("why" in probe) {
    return refused(`${order.target.provider.name}: ${probe.why}`, { json }, { out, err });
  }
  const send = async (n: number) => {
    const request = await made(order, n);
    return await post("why" in request ? probe : request, order.target.url);
  };
  const summary = await burst(perSecond, ms, send, (sent, accepted) => err(`${sent} sent, ${accepted} accepted`));
  if (json) out(JSON.stringify({ url: order.target.url, ...summary }));
  else for (const line of summed(summary)) out(line);
  return summary.accepted === summary.sent ? 0 : 1;
}

function summed({
  sent,
  accepted,
  refused: turnedAway,
  unanswered,
  seconds,
  p50_ms,
  p95_ms,
  p99_ms,
}: Summary): string[] {
  const others = Object.entries(turnedAway).map(([status, count]) => `${count} answered ${status}`);
  const none = unanswered === 0 ? [] : [`${unanswered} not answered`];
  return [
    `${sent} sent in ${seconds} s (${(sent / seconds).toFixed(1)}/s): ${[`${accepted} accepted`, ...others, ...none].join(", ")}`,
    `answered after ${p50_ms} ms (p50), ${p95_ms} ms (p95), ${p99_ms} ms (p99)`,
  ];
}
