// hookline refusals, offers, inspections and script: what was turned away, what was handed over, and what an inspector
// got and answers.
import type { Inspection } from "../../contract/operations.ts";
import { flag, ONCE, taking } from "../options.ts";
import { plain, table } from "../table.ts";
import { Misused } from "../verb.ts";
import { answered, given, remote } from "./client.ts";

const refusals = remote(
  {
    summary: "lists requests that a source refused, and why",
    usage: "refusals SOURCE",
    help: "The last requests that SOURCE refused: when, from where, why, and what to do about it.",
    options: {},
    examples: ["refusals github", "refusals github --json"],
    names: 1,
  },
  async (client, { names: [name = ""], json }, { out }) => {
    const answer = await answered(client.sources[":name"].refusals.$get({ param: { name } }));
    if (json) out(JSON.stringify(answer));
    else {
      // No table: its columns cut what is long, and the advice is what was asked for.
      for (const { at, status, code, address, advice } of answer.refusals)
        out(`${at}  ${status}  ${plain(`${code}  ${address}  ${advice}`)}`);
      if (answer.refusals.length === 0) out("no request was refused recently");
    }
    return 0;
  },
);

const offers = remote(
  {
    summary: "shows the secrets that a sender sent in a handshake",
    usage: "offers SOURCE [--once NAME]",
    help: "Some senders send their secret in a handshake. Shows these secrets, and what to do with them. The audit log records who looked. Needs the role admin.",
    options: ONCE,
    examples: ["offers asana"],
    names: 1,
  },
  async (client, { names: [name = ""], json }, { out, err }) => {
    const answer = await answered(client.sources[":name"].offers.$post({ param: { name } }));
    if (json) out(JSON.stringify(answer));
    else {
      const lines = answer.offers.map((one) => [one.offered_at, one.address, one.secret]);
      for (const line of table(["offered", "from", "secret"], lines, "nothing was handed over")) out(line);
      err(plain(answer.advice));
    }
    return 0;
  },
);

const inspections = remote(
  {
    summary: "lists requests that arrived at an inspector",
    usage: "inspections DESTINATION [--show ID]",
    help: "The last hundred requests to a destination with inspect = true. With --show, the headers and the body of one.",
    options: { show: taking("ID", "one request: its headers and up to 64 KB of its body") },
    examples: ["inspections trial", "inspections trial --show 17 --json"],
    names: 1,
  },
  async (client, asked, { out, err }) => {
    const [name = ""] = asked.names;
    const query = given(asked, "show");
    const answer = await answered(client.destinations[":name"].inspections.$get({ param: { name }, query }));
    if (asked.json) out(JSON.stringify(answer));
    else if (query.show === undefined) {
      const lines = answer.inspections.map((one) => [
        one.id,
        one.at,
        one.event,
        one.attempt,
        one.size,
        one.proven === null ? null : one.proven ? "proven" : "not proven",
        one.answered,
      ]);
      const titles = ["id", "at", "event", "attempt", "bytes", "signature", "answered"];
      for (const line of table(titles, lines, "nothing has arrived yet")) out(line);
      if (lines.length > 0) err(`to show one completely: hookline inspections ${name} --show ID`);
    } else for (const line of wholeOf(answer.inspections, query.show)) out(line);
    return 0;
  },
);

function wholeOf(all: readonly Inspection[], id: string): string[] {
  const one = all.find((each) => each.id === id);
  if (one === undefined) return ["it is not among the last hundred"];
  const { headers, body, encoding, size } = one;
  return [
    ...Object.entries(headers).map(([name, value]) => plain(`${name}: ${value}`)),
    "",
    ...(encoding === "text" ? body.split("\n").map(plain) : [`${size} bytes that are no text, in base64:`, body]),
  ];
}

const script = remote(
  {
    summary: "changes what an inspector answers",
    usage: "script DESTINATION (SCRIPT | --reset) [--once NAME]",
    help: "From now on the destination with inspect = true answers by SCRIPT, such as 503x2,ok (docs/configuration.md). --reset restores the configured script.",
    options: { reset: flag("restores the configured script"), ...ONCE },
    examples: ['script trial "503x2,ok"', "script trial --reset"],
    names: 1,
    optional: 1,
  },
  async (client, { names: [name = "", wanted], options, json }, { out }) => {
    if ((wanted === undefined) !== (options["reset"] === true))
      throw new Misused("script takes a script or --reset: hookline script --help");
    const order = { script: wanted ?? null };
    const answer = await answered(client.destinations[":name"].script.$put({ param: { name }, json: order }));
    out(json ? JSON.stringify(answer) : `${name} answers: ${plain(answer.script ?? "200")}`);
    return 0;
  },
);

export const verbs = { refusals, offers, inspections, script };
