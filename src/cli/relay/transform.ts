// hookline transform: what the transforms and conditions of the routes, or other ones, make of an event.
import type { DriedMany, TriedDry } from "../../contract/routing.ts";
import { conditionInWords, spreadOut } from "../../dashboard/words/routing.ts";
import { counting, taking } from "../options.ts";
import { plain } from "../table.ts";
import { Misused, type Terminal } from "../verb.ts";
import { answered, given, remote } from "./client.ts";
import { EVENT, readBody } from "./tried.ts";

const transform = remote(
  {
    summary: "tries a transform or a condition on an event, without sending it",
    usage: "transform --try EVENT|FILE|- | --last N --source S [--route R] [--with JSONATA] [--when CEL] [--type T]",
    help: "Shows the original body beside the body that would be sent.",
    options: {
      try: taking("EVENT|FILE", "a stored event, by the current routes; or a file with a body, with --source"),
      last: counting("N", "the last N stored events of --source, and of --type if given: 20 at most"),
      route: taking("R", "only by this route"),
      with: taking("JSONATA", "by this transform instead of the routes\u2019"),
      when: taking("CEL", "by this condition"),
      source: taking("S", "the source of a file, or of the last events"),
      type: taking("T", "its event type, if the body does not contain it"),
    },
    examples: [
      "transform --try evt_0123456789abcdef0123456789abcdef",
      "transform --last 5 --source stripe --with '{\"id\": body.id}'",
      "transform --try body.json --source stripe --when 'body.amount > 100'",
    ],
    names: 0,
  },
  async (client, asked, terminal) => {
    const { out, err } = terminal;
    const {
      try: wanted,
      last,
      with: expression,
      route,
      when,
      source,
      type,
    } = given(asked, "try", "last", "with", "route", "when", "source", "type");
    const order = { route: route ?? null, transform: expression ?? null, when: when ?? null, type: type ?? null };
    if (last !== undefined && source !== undefined && wanted === undefined) {
      const json = { ...order, source, last: Number(last) };
      const many = await answered(client.transforms["try-stored"].$post({ json }));
      const code = many.events.some(hasFailed) ? 1 : 0;
      if (asked.json) out(JSON.stringify(many));
      else printMany(many, terminal);
      return code;
    }
    if (wanted === undefined || last !== undefined) {
      throw new Misused(
        "hookline transform takes --try EVENT, --try FILE --source S, or --last N --source S: hookline transform --help",
      );
    }
    let answer: TriedDry;
    if (EVENT.test(wanted)) {
      answer = await answered(client.transforms.try.$post({ json: { ...order, event: wanted } }));
    } else {
      if (source === undefined) {
        throw new Misused("hookline transform --try FILE needs --source, the source of the event");
      }
      const body = await readBody(wanted, asked.json, terminal);
      if (body === null) return 1;
      answer = await answered(client.transforms.try.$post({ json: { ...order, source, body } }));
    }
    const code = hasFailed(answer) ? 1 : 0;
    if (asked.json) out(JSON.stringify(answer));
    else print(answer, out, err);
    return code;
  },
);

function hasFailed({ tried }: Pick<TriedDry, "tried">): boolean {
  return tried.some(({ error, undecided }) => error !== null || undecided !== null);
}

function printMany({ source, events, complete }: DriedMany, { out, err }: Terminal): void {
  for (const one of events) {
    if (one.skipped === null) print(one, out, err);
    else err(`${one.event ?? ""}: ${plain(one.skipped)}`);
    if (one.cut && one.skipped === null) err(`${one.event ?? ""}: what is longer than 16 Ki characters is cut`);
    out("");
  }
  const failed = events.filter(hasFailed).length;
  const more = complete ? "" : "; there may be more, further back";
  out(
    `${events.length} ${events.length === 1 ? "event" : "events"} of ${plain(source)}, ${failed} with an error${more}`,
  );
}

function print({ event, source, type, before, tried }: TriedDry, out: Terminal["out"], err: Terminal["err"]): void {
  out(`${event ?? "this body"}  ${plain(source)}  ${plain(type)}`);
  for (const one of tried) {
    const name =
      one.route === null ? "this expression" : one.version === null ? one.route : `${one.route}, ${one.version}`;
    out("");
    if (one.when !== null) out(`${name}: ${plain(conditionInWords(one))}`);
    if (one.error !== null) err(`${name}: ${plain(one.error)}`);
    else if (one.after !== null) for (const line of beside(name, before, one.after)) out(line);
    else if (one.when === null) out(`${name}: sends the original body`);
  }
  if (tried.length === 0) err(`no route takes from ${plain(source)}`);
}

/** Characters of a column: two of them and what is between stand on a screen of 120. */
const WIDE = 57;

/** Two columns, line by line; what is wider goes on in the next line. */
function beside(name: string, before: string, after: string): string[] {
  const [left, right] = [folded(before), folded(after)];
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, n) =>
    `${(left[n] ?? "").padEnd(WIDE)}  ${right[n] ?? ""}`.trimEnd(),
  );
  return [`${"as it came".padEnd(WIDE)}  ${name}`, ...lines];
}

/** Lines that are left out of a long body. */
const MOST_LINES = 200;

function folded(body: string): string[] {
  const lines = spreadOut(body)
    .split("\n")
    .flatMap((line) => plain(line).match(new RegExp(`.{1,${WIDE}}`, "gu")) ?? [""]);
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), "\u2026"] : lines;
}

export const verbs = { transform };
