// hookline init: from a provider and a receiver to a relay that can be started. Writes wrangler.toml and .dev.vars.
import { randomBytes } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { suggest } from "../../config/findings.ts";
import { providerIds } from "../../providers/catalogue.ts";
import type { ProviderFacts } from "../../scheme/facts.ts";
import { flag, taking } from "../options.ts";
import { plain } from "../table.ts";
import { type Asked, refused, type Terminal, type Verb } from "../verb.ts";
import { examine } from "./examine.ts";
import { providerFacts } from "./provider-page.ts";
import { openDevVars, openWranglerFile, table } from "./wrangler-file.ts";

export const verb: Verb = {
  usage: "init [PROVIDER] [--to URL] [--name SOURCE] [--destination D] [--config FILE] [--yes]",
  help: [
    "Adds a source, a destination and a route to wrangler.toml, and the missing secrets to .dev.vars.",
    "Asks for what is not given. Appends to both files, and changes no existing line.",
    "The sender\u2019s secret is taken from the environment, by its name such as GITHUB_SECRET, or asked for.",
  ].join("\n"),
  options: {
    to: taking("URL", "where events go"),
    name: taking("SOURCE", "what the source is called; the provider\u2019s name unless said otherwise"),
    destination: taking("D", "what the destination is called; app unless said otherwise"),
    config: { ...taking("FILE", "the file to add to"), default: "wrangler.toml" },
    yes: flag("writes without asking, for scripts"),
  },
  examples: [
    "init",
    "init github --to https://app.example.com/webhooks",
    "init stripe --name payments --to http://127.0.0.1:3000/ --yes",
  ],
  names: 0,
  optional: 1,
  async run(asked, terminal) {
    const plan = await planned(asked, terminal);
    if (typeof plan === "string") {
      return refused(plan, asked, terminal);
    }
    await appendFile(plan.config, plan.section);
    await writeFile(plan.devVars.path, plan.devVars.text, { flag: "a", mode: 0o600 });
    tell(plan, asked, terminal);
    return 0;
  },
};

/** What is written, and what to do then. */
interface Plan {
  readonly facts: ProviderFacts;
  readonly source: string;
  readonly destination: string;
  readonly config: string;
  /** Added to the configuration. */
  readonly section: string;
  /** Added to .dev.vars. */
  readonly devVars: { readonly path: string; readonly text: string };
  /** Secrets that are still to be set for a deploy. */
  readonly secrets: readonly string[];
  /** The sender's secret, where nobody has given it. */
  readonly unknown: string | null;
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

async function planned(asked: Asked, terminal: Terminal): Promise<Plan | string> {
  const text = (option: string) => (typeof asked.options[option] === "string" ? asked.options[option] : null);
  const prompt = terminal.ask === undefined || asked.json ? null : await import("./prompts.ts");
  const provider = asked.names[0] ?? (await prompt?.provider(providerIds())) ?? null;
  if (provider === null) return "init takes a provider where nobody can be asked: hookline init github --to URL --yes";
  const facts = providerFacts(provider);
  if (facts === null)
    return `there is no provider ${JSON.stringify(provider)}.${suggest(provider, [...providerIds()])}`;
  const to = text("to") ?? (await prompt?.address()) ?? null;
  if (to === null) return "init takes --to URL where nobody can be asked";
  const [source, destination] = [text("name") ?? provider, text("destination") ?? "app"];
  const wrong = [source, destination].find((name) => !NAME.test(name));
  if (wrong !== undefined) return `${JSON.stringify(wrong)} is no name: write lower-case letters, digits, - and _`;

  const config = text("config") ?? "wrangler.toml";
  const opened = await openWranglerFile(config);
  if (!opened.ok) return `${config} ${opened.why}`;
  const vars = table(opened.file["vars"]);
  if (source in table(vars["SOURCES"])) return `${config} has a source ${source} already: choose another with --name`;
  const known = table(vars["DESTINATIONS"])[destination];
  if (known !== undefined && table(known)["url"] !== to)
    return `${config} has a destination ${destination} already, with another address: choose another name with --destination`;
  const route = freeName(`${source}-to-${destination}`, table(vars["ROUTES"]));
  const section = sectionOf({
    source,
    provider,
    destination: known === undefined ? destination : null,
    to,
    route,
    into: destination,
  });
  const fault = await faultOf(config, section, to);
  if (fault !== null) return fault;

  const name = `${source.toUpperCase().replaceAll("-", "_")}_SECRET`;
  const secret = process.env[name] ?? (await prompt?.secret(name, facts)) ?? "";
  const agreed = asked.options["yes"] === true || (await prompt?.agree(config, section)) === true;
  if (!agreed) return "nothing was written: agree, or say --yes";
  const devVars = await devVarsFor(config, to, secret === "" ? {} : { [name]: secret });
  const secrets = ["SIGNING_KEY", "ADMIN_TOKEN", name];
  return { facts, source, destination, config, section, devVars, secrets, unknown: secret === "" ? name : null };
}

function freeName(wanted: string, taken: Readonly<Record<string, unknown>>): string {
  for (let n = 1; ; n += 1)
    if (!((n === 1 ? wanted : `${wanted}-${n}`) in taken)) return n === 1 ? wanted : `${wanted}-${n}`;
}

interface Section {
  readonly source: string;
  readonly provider: string;
  /** `null` where it is there already. */
  readonly destination: string | null;
  readonly to: string;
  readonly route: string;
  readonly into: string;
}

function sectionOf({ source, provider, destination, to, route, into }: Section): string {
  const lines = [
    "",
    `[vars.SOURCES.${source}]`,
    `provider = ${JSON.stringify(provider)}`,
    ...(destination === null ? [] : ["", `[vars.DESTINATIONS.${destination}]`, `url = ${JSON.stringify(to)}`]),
    "",
    `[vars.ROUTES.${route}]`,
    `from = ${JSON.stringify(source)}`,
    `to = ${JSON.stringify(into)}`,
    "",
  ];
  return lines.join("\n");
}

/** Why the file would not be right with this at its end, or `null`. */
async function faultOf(config: string, section: string, to: string): Promise<string | null> {
  const text = await readFile(config, "utf8");
  try {
    const file = parse(`${text}${section}`);
    const local = isLocal(to) ? { LOOPBACK_DESTINATIONS: "true" } : {};
    const first = examine(file, local).vars.find(
      ({ level, key }) => level === "error" && section.includes(key.split(".")[1] ?? "\0"),
    );
    return first === undefined ? null : `${first.key} ${first.says}`;
  } catch {
    return `${config} has its vars in a form to which nothing can be added at the end. Add this to it by hand:\n${section}`;
  }
}

function isLocal(to: string): boolean {
  return URL.canParse(to) && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(to).hostname);
}

const newKey = () => randomBytes(32).toString("base64");

/** What .dev.vars lacks: keys are made up, as they only have to be secret. */
async function devVarsFor(config: string, to: string, given: Readonly<Record<string, string>>) {
  const path = join(dirname(config), ".dev.vars");
  const kept = (await openDevVars(config, null))?.vars ?? {};
  const wanted = {
    SIGNING_KEY: newKey(),
    ADMIN_TOKEN: newKey(),
    ...(isLocal(to) ? { LOOPBACK_DESTINATIONS: "true" } : {}),
    ...given,
  };
  const lines = Object.entries(wanted).filter(([name]) => kept[name] === undefined);
  const text = await readFile(path, "utf8").catch(() => "");
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  return { path, text: gap + lines.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`).join("") };
}

function tell(
  { facts, source, destination, config, devVars, secrets, unknown }: Plan,
  { json }: Asked,
  { out }: Terminal,
): void {
  const path = `/in/${source}`;
  if (json) {
    out(
      JSON.stringify({
        source,
        destination,
        config,
        dev_vars: devVars.path,
        path,
        secrets,
        missing: unknown === null ? [] : [unknown],
      }),
    );
    return;
  }
  const steps = [
    `${config}: source ${source}, destination ${destination} and a route between them`,
    `${devVars.path}: what the relay needs on this machine`,
    ...(unknown === null ? [] : [`still missing there: ${unknown} (${facts.secret})`]),
    "",
    "Try it:      npm run dev, and in another terminal: npx hookline send " + source,
    `Deploy it:   ${secrets.map((name) => `npx wrangler secret put ${name}`).join("; ")}; npx wrangler deploy`,
    `At ${facts.name}: give https://<the address that deploy prints>${path} as the URL${facts.docs === null ? "" : ` (${facts.docs})`}`,
    ...facts.limits.map((limit) => `  ${limit}`),
  ];
  for (const step of steps) out(plain(step));
}
