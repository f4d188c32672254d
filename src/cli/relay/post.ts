// hookline post: an event of one's own, from the command line.
import { text } from "node:stream/consumers";
import { readFile } from "node:fs/promises";
import { ONCE, taking } from "../options.ts";
import { answered, remote } from "./client.ts";
import { Misused, refused } from "../verb.ts";
import { messageOf } from "../waiting.ts";

const post = remote(
  {
    summary: "sends an event of your own",
    usage: "post TYPE --data JSON|@FILE|- [--source SOURCE] [--id ID] [--once NAME]",
    help: 'Sends an event to a source with provider = "bearer". Needs the role operator.',
    options: {
      data: taking("JSON", "the data: JSON, @FILE for a file with JSON, - for standard input"),
      source: taking("NAME", "which source; needed only if there are several"),
      id: taking("ID", "your own id of the event; the relay's id by default"),
      ...ONCE,
    },
    examples: ["post order.paid --data @order.json --source shop --id order-4711"],
    names: 1,
  },
  async (client, { names: [type = ""], options, json }, { out, err }) => {
    const { data: given, source, id } = options;
    if (typeof given !== "string") {
      throw new Misused("post takes --data JSON, --data @FILE, or --data - for standard input: hookline post --help");
    }
    const data = await read(given).catch((error: unknown) => new Error(`the data cannot be read: ${messageOf(error)}`));
    if (data instanceof Error) {
      return refused(data.message, { json }, { out, err });
    }
    const query = typeof source === "string" ? { source } : {};
    const event = { type, data, ...(typeof id === "string" ? { id } : {}) };
    const answer = await answered(client.events.$post({ query, json: event }));
    if (json) out(JSON.stringify(answer));
    else {
      out(`${answer.id}  ${answer.status}`);
      err(`see: hookline event ${answer.id}`);
    }
    return 0;
  },
);

/** @throws where it cannot be read, or is no JSON */
async function read(given: string): Promise<unknown> {
  const written =
    given === "-" ? await text(process.stdin) : given.startsWith("@") ? await readFile(given.slice(1), "utf8") : given;
  return JSON.parse(written);
}

export const verbs = { post };
