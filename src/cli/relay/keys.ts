// hookline keys and audit: who may, and who did.
import { answered, given, remote } from "./client.ts";
import { ONCE, PAGED, taking } from "../options.ts";
import { plain, table } from "../table.ts";
import { Misused } from "../verb.ts";

const HELP = [
  "Without arguments, lists the API keys.",
  "  create NAME   makes one and prints its secret, this once",
  "  revoke ID     ends one, and every session that was opened with it",
].join("\n");

const keys = remote(
  {
    summary: "lists, makes and revokes API keys",
    usage: "keys [create NAME [--role ROLE] [--days N] | revoke ID]",
    help: HELP,
    options: {
      role: { ...taking("ROLE", "with create: viewer, operator or admin"), default: "viewer" },
      days: {
        ...taking("N", "with create: until it expires; never for one that does not"),
        default: "90",
        form: [/^(?:[1-9]\d{0,4}|never)$/, "a number of days, or never"],
      },
      ...ONCE,
    },
    examples: ["keys", "keys create laptop --role operator --days 30", "keys revoke 0123456789ab"],
    names: 0,
    optional: 2,
  },
  async (client, { names: [action = "list", name = ""], options, json }, { out, err }) => {
    if (action === "create") {
      const days = options["days"] === "never" ? null : Number(options["days"]);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay names the roles in its refusal
      const role = options["role"] as "viewer";
      const made = await answered(client.keys.$post({ json: { name, role, days } }));
      out(json ? JSON.stringify(made) : made.secret);
      if (!json)
        err(
          `${made.key.name}, ${made.key.role}, until ${made.key.expires_at ?? "it is revoked"}. The secret is not shown again.`,
        );
      return 0;
    }
    if (action === "revoke") {
      const key = await answered(client.keys[":id"].revoke.$post({ param: { id: name } }));
      out(json ? JSON.stringify(key) : `${key.name}: ${key.state}`);
      return 0;
    }
    if (action !== "list") {
      throw new Misused(
        `there is no ${JSON.stringify(action)}: hookline keys, hookline keys create NAME, or hookline keys revoke ID`,
      );
    }
    const answer = await answered(client.keys.$get());
    if (json) out(JSON.stringify(answer));
    else {
      const lines = answer.keys.map((key) => [
        key.id,
        key.name,
        key.role,
        key.state,
        key.expires_at,
        key.last_used_at,
        key.created_by,
      ]);
      for (const line of table(
        ["id", "name", "role", "state", "expires", "last used", "made by"],
        lines,
        "no keys yet",
      ))
        out(line);
    }
    return 0;
  },
);

const audit = remote(
  {
    summary: "shows the audit log",
    usage: "audit [--cursor C]",
    help: "Lists all changes and who made them, newest first, a hundred at a time.",
    options: { cursor: PAGED.cursor },
    examples: ["audit", "audit --json"],
    names: 0,
  },
  async (client, asked, { out, err }) => {
    const page = await answered(client.audit.$get({ query: given(asked, "cursor") }));
    if (asked.json) out(JSON.stringify(page));
    else {
      if (page.entries.length === 0)
        out(asked.options["cursor"] === undefined ? "nothing was done yet" : "no older ones");
      for (const { at, actor, action, target } of page.entries)
        out(`${at}  ${plain(actor)}  ${plain(action)}  ${plain(target)}`);
      if (page.next !== null) err(`more: the same with --cursor ${page.next}`);
    }
    return 0;
  },
);

export const verbs = { keys, audit };
