// hookline delete: an event's end, everywhere; or that of all events of a subject.
import { flag, ONCE, taking } from "../options.ts";
import { answered, remote } from "./client.ts";
import { deleteSubject } from "./erasures.ts";
import { Misused, refused } from "../verb.ts";

const PERMANENTLY = "its body, its headers, every copy of them and its edited copies are deleted permanently";

const remove = remote(
  {
    summary: "deletes an event, or all events of a subject, everywhere",
    usage: "delete (EVENT | --source S --where PLACE=VALUE) [--yes] [--once NAME]",
    help: [
      `Deletes the content of EVENT: ${PERMANENTLY}. Its open deliveries are cancelled. The record of the event stays, so that a repeat from its sender is a duplicate. Needs the role admin.`,
      "With --source and --where, does so for every event of the source that has the value at that place of its body, in the history and the archive: it counts them, asks, and goes on at the relay whether or not this command waits. hookline erasures lists such orders.",
    ].join("\n"),
    options: {
      source: taking("S", "with --where: the source of the events"),
      where: taking("PLACE=VALUE", "all events with this value at this place, such as body.customer.id=cus_123"),
      yes: flag("does not ask for confirmation, for scripts"),
      ...ONCE,
    },
    examples: [
      "delete evt_0123456789abcdef0123456789abcdef --yes",
      "delete --source shop --where body.customer.id=cus_123",
    ],
    names: 0,
    optional: 1,
  },
  async (client, asked, terminal) => {
    const { names, options, json } = asked;
    const { out, err, ask } = terminal;
    const [id] = names;
    const { source, where } = options;
    if (typeof source === "string" && typeof where === "string" && id === undefined)
      return await deleteSubject(client, { source, where }, asked, terminal);
    if (id === undefined || source !== undefined || where !== undefined) {
      throw new Misused("delete takes an event, or --source and --where: hookline delete --help");
    }
    if (options["yes"] !== true) {
      const asks = ask === undefined || json ? null : await ask(`Of ${id}, ${PERMANENTLY}. Delete it? [y/N] `);
      if (asks === null || !/^y(?:es)?$/i.test(asks.trim())) {
        const why = `nothing was deleted${asks === null ? ". Repeat the command with --yes to delete it" : ""}`;
        return refused(why, { json }, { out, err });
      }
    }
    const answer = await answered(client.events[":id"].delete.$post({ param: { id } }));
    if (json) out(JSON.stringify(answer));
    else {
      for (const one of answer.deleted) out(`${one}: deleted`);
      if (answer.cancelled > 0) err(`${answer.cancelled} open deliveries were cancelled`);
      if (answer.under_way > 0)
        err(`${answer.under_way} attempts were under way: what they store is deleted within five minutes`);
    }
    return 0;
  },
);

export const verbs = { delete: remove };
