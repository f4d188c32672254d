// hookline delete: an event's end, everywhere.
import { flag, ONCE } from "../options.ts";
import { answered, remote } from "./client.ts";
import { refused } from "../verb.ts";

const FOR_EVER =
  "its body, its headers and every copy of them, and what was made from it by hand, are deleted for ever";

const remove = remote(
  {
    summary: "deletes an event everywhere",
    usage: "delete EVENT [--yes] [--once NAME]",
    help: `Deletes what EVENT holds: ${FOR_EVER}. What is open of it ends. That there was one stays, so that a repeat from its sender is known. Takes the role admin.`,
    options: { yes: flag("agrees beforehand, for scripts"), ...ONCE },
    examples: ["delete evt_0123456789abcdef0123456789abcdef --yes"],
    names: 1,
  },
  async (client, { names: [id = ""], options, json }, { out, err, ask }) => {
    if (options["yes"] !== true) {
      const asks = ask === undefined || json ? null : await ask(`Of ${id}, ${FOR_EVER}. Delete it? [y/N] `);
      if (asks === null || !/^y(?:es)?$/i.test(asks.trim())) {
        const why = `nothing was deleted${asks === null ? ". Repeat the command with --yes to delete it" : ""}`;
        return refused(why, { json }, { out, err });
      }
    }
    const answer = await answered(client.events[":id"].delete.$post({ param: { id } }));
    if (json) out(JSON.stringify(answer));
    else {
      for (const one of answer.deleted) out(`${one}: deleted`);
      if (answer.cancelled > 0) err(`${answer.cancelled} open deliveries were ended`);
      if (answer.under_way > 0)
        err(`${answer.under_way} attempts were under way: what they bring back is cleared within five minutes`);
    }
    return 0;
  },
);

export const verbs = { delete: remove };
