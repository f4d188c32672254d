// hookline replay, cancel, edit, pause and resume: what may be done about deliveries and destinations.
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { answered, type Client, remote } from "./client.ts";
import { ONCE, taking } from "../options.ts";
import { table } from "../table.ts";
import { Misused, refused, type RemoteVerb } from "../verb.ts";
import { messageOf } from "../waiting.ts";

const TARGET = "TARGET is an event (evt_…), or one delivery of it (evt_…:destination).";

const replay = remote(
  {
    summary: "delivers an event again",
    usage: "replay TARGET [--once NAME]",
    help: `Opens deliveries that have ended again, with the whole retry schedule. ${TARGET}`,
    options: ONCE,
    examples: [
      "replay evt_0123456789abcdef0123456789abcdef",
      "replay evt_0123456789abcdef0123456789abcdef:billing --once monday",
    ],
    names: 1,
  },
  async (client, { names: [id = ""], json }, { out, err }) => {
    const answer = await answered(of(client, id).replay.$post({ param: { id } }));
    if (json) out(JSON.stringify(answer));
    else {
      for (const line of table(
        ["delivery", "replayed", "state"],
        answer.deliveries.map((one) => [one.id, yes(one.replayed), one.state]),
        "it has no deliveries",
      ))
        out(line);
      for (const one of answer.not_configured ?? []) err(`${one}: its destination is no longer configured`);
      err(answer.replayed === 0 ? "nothing had ended, so nothing was replayed" : `see: hookline event ${eventOf(id)}`);
    }
    return 0;
  },
);

const cancel = remote(
  {
    summary: "cancels waiting deliveries",
    usage: "cancel TARGET [--once NAME]",
    help: `Cancels waiting and held deliveries; an attempt that is under way continues. ${TARGET}`,
    options: ONCE,
    examples: ["cancel evt_0123456789abcdef0123456789abcdef:billing"],
    names: 1,
  },
  async (client, { names: [id = ""], json }, { out, err }) => {
    const answer = await answered(of(client, id).cancel.$post({ param: { id } }));
    if (json) out(JSON.stringify(answer));
    else {
      for (const line of table(
        ["delivery", "cancelled", "state"],
        answer.deliveries.map((one) => [one.id, yes(one.cancelled), one.state]),
        "it has no deliveries",
      ))
        out(line);
      if (answer.cancelled === 0) err("nothing was waiting, so nothing was cancelled");
    }
    return 0;
  },
);

const edit = remote(
  {
    summary: "sends an edited body of an event, as a new event",
    usage: "edit EVENT --to DESTINATION --body FILE|- [--content-type TYPE] [--once NAME]",
    help: "Makes a new event with another body from EVENT, and sends it to DESTINATION. EVENT does not change. Needs the role admin.",
    options: {
      to: taking("DESTINATION", "where it goes"),
      body: taking("FILE", "the new body, byte for byte, of up to 256 KB; - reads it from standard input"),
      "content-type": taking("TYPE", "the content type; by default that of EVENT"),
      ...ONCE,
    },
    examples: [
      "event evt_0123456789abcdef0123456789abcdef --body > body.json",
      "edit evt_0123456789abcdef0123456789abcdef --to billing --body body.json",
    ],
    names: 1,
  },
  async (client, { names: [id = ""], options, json }, { out, err }) => {
    const { to, body: file, "content-type": type } = options;
    if (typeof to !== "string" || typeof file !== "string") {
      throw new Misused(
        "edit takes --to DESTINATION and --body FILE, or --body - for standard input: hookline edit --help",
      );
    }
    const bytes = await (file === "-" ? buffer(process.stdin) : readFile(file)).catch(messageOf);
    if (typeof bytes === "string") {
      const why = `the body cannot be read: ${bytes}`;
      return refused(why, { json }, { out, err });
    }
    const order = {
      destination: to,
      body: bytes.toString("base64"),
      encoding: "base64" as const,
      content_type: typeof type === "string" ? type : null,
    };
    const answer = await answered(client.events[":id"].edit.$post({ param: { id }, json: order }));
    if (json) out(JSON.stringify(answer));
    else {
      const { event, delivery, edited_from: from, size } = answer;
      for (const line of table(["event", "delivery", "edited from", "bytes"], [[event, delivery, from, size]], ""))
        out(line);
      err(`see: hookline event ${event}`);
    }
    return 0;
  },
);

const pause = switching(
  "pause",
  "holds what is for a destination",
  "Holds deliveries to DESTINATION until you resume it; nothing is lost.",
);
const resume = switching(
  "resume",
  "sends what was held",
  "Sends the held deliveries to DESTINATION, and continues with new ones.",
);

function switching(action: "pause" | "resume", summary: string, help: string): RemoteVerb {
  return remote(
    {
      summary,
      usage: `${action} DESTINATION [--once NAME]`,
      help,
      options: ONCE,
      examples: [`${action} billing`],
      names: 1,
    },
    async (client, { names: [name = ""], json }, { out, err }) => {
      const answer = await answered(client.destinations[":name"][action].$post({ param: { name } }));
      out(json ? JSON.stringify(answer) : `${name}: ${answer.state}, ${answer.held} held, ${answer.waiting} waiting`);
      const { unconfirmed = [] } = answer;
      if (!json && unconfirmed.length > 0)
        err(
          `not confirmed by ${unconfirmed.join(", ")}: what is accepted there may still be sent to ${name} at once.` +
            ` To tell ${unconfirmed.length === 1 ? "it" : "them"}, pause again: hookline pause ${name}`,
        );
      return 0;
    },
  );
}

function of(client: Client, id: string) {
  return id.includes(":") ? client.deliveries[":id"] : client.events[":id"];
}

function eventOf(id: string): string {
  return id.split(":", 1)[0] ?? id;
}

function yes(done: boolean): string {
  return done ? "yes" : "no";
}

export const verbs = { replay, cancel, edit, pause, resume };
