// How is an assistant connected to the relay? Prints what its client has to be told. Asks nobody, and shows no key.
import { taking } from "../options.ts";
import { refused, type Terminal, type Verb } from "../verb.ts";
import { MCP_CLIENTS, type McpClient } from "./mcp-clients.ts";

const NAMES = MCP_CLIENTS.map(({ name }) => name).join(", ");
const NO_URL = [
  "HOOKLINE_URL says which relay the assistant is to ask:",
  "  export HOOKLINE_URL=https://hookline.example.workers.dev",
].join("\n");
const MAKE_A_KEY = [
  "Give the assistant a key of its own, and no more than it needs: a viewer looks, an operator also replays and pauses.",
  '  hookline keys create "my assistant" --role viewer',
];

export const verb: Verb = {
  usage: "mcp [--client NAME]",
  help: [
    "Prints the configuration of an assistant for the tools of the relay at HOOKLINE_URL,",
    "over the Model Context Protocol. It contains the name of the key, never its value. See docs/assistants.md.",
  ].join("\n"),
  options: { client: taking("NAME", `for one client: ${NAMES}`) },
  examples: ["mcp", "mcp --client claude-code", "mcp --client codex --json"],
  names: 0,
  run: async ({ options, json }, terminal) => await Promise.resolve(tell(options["client"], json, terminal)),
};

function tell(client: unknown, json: boolean, { out, err }: Terminal): number {
  const { HOOKLINE_URL: relay = "" } = process.env;
  const asked = MCP_CLIENTS.filter(({ name }) => client === undefined || name === client);
  const fault = URL.canParse(relay)
    ? asked.length === 0
      ? `there is no client ${JSON.stringify(client)} here: take one of ${NAMES}`
      : null
    : NO_URL;
  if (fault !== null) {
    return refused(fault, { json }, { out, err });
  }
  // Neither a path nor a name and password that somebody has put into the URL.
  const url = `${new URL(relay).origin}/mcp`;
  if (json) {
    const clients = asked.map(({ name, title, file, config, says }) => ({
      name,
      title,
      file,
      config: config(url),
      says,
    }));
    out(JSON.stringify({ url, clients }));
    return 0;
  }
  for (const one of asked) for (const line of linesOf(one, url)) out(line);
  for (const line of MAKE_A_KEY) err(line);
  return 0;
}

function linesOf({ title, file, config, says }: McpClient, url: string): string[] {
  return [
    `${title}: ${file}`,
    "",
    ...config(url)
      .split("\n")
      .map((line) => `  ${line}`),
    "",
    says,
    "",
  ];
}
