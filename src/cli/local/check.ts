// Would this wrangler.toml make a relay that works, deployed or on this machine? Reads it,
// and says what is wrong with it.
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { error, type Finding, warning } from "../../config/findings.ts";
import { flag, taking } from "../options.ts";
import { changesInWords } from "./changes.ts";
import { type Examined, examine } from "./examine.ts";
import type { Compared } from "../relay/compare.ts";
import { type Asked, Misused, refused, type Terminal, type Verb } from "../verb.ts";
import { type DevVars, openDevVars, openWranglerFile, type Table } from "./wrangler-file.ts";
import { wranglerRun } from "./wrangler-run.ts";

export const verb: Verb = {
  usage: "check [--config FILE] [--dev] [--relay [--env NAME]]",
  help: [
    "Checks wrangler.toml, or FILE, as it would be deployed. It starts nothing, and works offline without --relay.",
    "Prints a line for each error and each warning, then the name of the file. Only errors end with exit code 1.",
    "A missing secret is a warning, because the file never contains secrets. wrangler runs this before each build, and with --dev for dev.",
  ].join("\n"),
  options: {
    config: taking("FILE", "the file to check; wrangler.toml by default"),
    relay: flag("says what a deploy would change at the relay at HOOKLINE_URL; needs an admin's HOOKLINE_KEY"),
    env: taking("NAME", "with --relay: the environment of the file that is deployed there"),
    dev: flag("as `npm run dev` would run it, with the .dev.vars beside it; otherwise .dev.vars is ignored"),
  },
  examples: ["check", "check --config wrangler.toml --json", "check --relay"],
  names: 0,
  async run(asked, terminal) {
    const { options, json } = asked;
    const { out } = terminal;
    const { relay = false, dev: askedDev = false, config = null, env = null } = options;
    if ((relay === true && askedDev === true) || (env !== null && relay !== true)) {
      throw new Misused("hookline check takes --relay or --dev, and --env only with --relay: hookline check --help");
    }
    const checked = await check(textOrNull(config), askedDev === true);
    const { path, dev, build, stops } = checked;
    const compared =
      relay === true && checked.file !== null
        ? await compareWith(checked.file, textOrNull(env), asked, terminal)
        : null;
    if (compared?.ok === false) return refused(compared.why, asked, terminal);
    const findings = compared === null ? checked.findings : [...withoutSecrets(checked.findings), ...compared.findings];
    const errors = findings.filter(({ level }) => level === "error").length;
    if (json) {
      const changes = compared === null ? {} : { changes: compared.changes };
      const answer = { ok: errors === 0, config: path, for: dev ? "dev" : "deploy", findings, ...changes };
      out(JSON.stringify(answer, null, 2));
    } else {
      for (const { level, key, says } of findings) out(`${level} ${key}: ${says}`);
      for (const line of compared === null ? [] : changesInWords(compared.changes)) out(line);
      out(conclusion(path, dev, errors, build && !stops));
    }
    return stops ? 1 : 0;
  },
};

/** Loaded only where it is asked for: the check of every build asks no relay, and should be quick. */
async function compareWith(
  file: Table,
  environment: string | null,
  asked: Asked,
  terminal: Terminal,
): Promise<Compared> {
  const { compare } = await import("../relay/compare.ts");
  return await compare(file, environment, asked, terminal);
}

/** Where a relay was asked, it is known which of its secrets are set. */
function withoutSecrets(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ level, key }) => level === "error" || key !== "secrets");
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

interface Checked {
  readonly path: string;
  /** `null` where it cannot be read. */
  readonly file: Table | null;
  readonly dev: boolean;
  /** Whether wrangler waits for this. */
  readonly build: boolean;
  readonly findings: readonly Finding[];
  readonly stops: boolean;
}

async function check(asked: string | null, askedDev: boolean): Promise<Checked> {
  const { command, config, environment } = wranglerRun();
  const path = asked ?? (config === null ? "wrangler.toml" : relative("", config));
  const dev = askedDev || command === "dev";
  const about = { path, dev, build: command !== null };
  const opened = await openWranglerFile(path);
  if (!opened.ok) return { ...about, file: null, findings: [error(path, opened.why)], stops: true };
  const local = await openDevVars(path, environment);
  const examined = examine(opened.file, dev ? (local?.vars ?? {}) : {});
  const frame = [...examined.frame, ...shadowed(path, asked !== null || config !== null)];
  const findings = [...frame, ...examined.vars, ...secrets(examined, dev, local, command)];
  // A relay whose vars are partly wrong runs here and says so on its first page;
  // wrangler would only end with a hundred lines of its own.
  const stopping = dev && command !== null ? frame : findings;
  return { ...about, file: opened.file, findings, stops: stopping.some(({ level }) => level === "error") };
}

/** wrangler takes the first that there is of wrangler.json, wrangler.jsonc and wrangler.toml. */
function shadowed(path: string, chosen: boolean): Finding[] {
  if (chosen) return [];
  const first = ["wrangler.json", "wrangler.jsonc"].find((name) => existsSync(join(dirname(path), name)));
  if (first === undefined) return [];
  return [
    error(first, `stands beside ${path}, and wrangler reads it instead. Remove it, or name the file with --config`),
  ];
}

/**
 * Secrets that are asked for. wrangler's own deploy is not told:
 * those are with Cloudflare, and the relay's first page names what is missing.
 */
function secrets(examined: Examined, dev: boolean, local: DevVars | null, command: string | null): Finding[] {
  return [...needed(examined, dev, local, command), ...(dev || command !== null ? [] : unseen(examined))];
}

/** Whether there is an old secret to end only Cloudflare knows. */
function unseen({ unseen: names }: Examined): Finding[] {
  if (names.length === 0) return [];
  const says = `${names.join(", ")} ${names.length === 1 ? "has" : "have"} an end, and whether there is such a secret cannot be seen here. Look with: npx wrangler secret list`;
  return [warning("secrets", says)];
}

function needed({ missing }: Examined, dev: boolean, local: DevVars | null, command: string | null): Finding[] {
  const names = missing.join(", ");
  if (names === "" || (command !== null && !dev)) return [];
  if (!dev)
    return [warning("secrets", `${names} are needed, and in no file. Set each with: npx wrangler secret put NAME`)];
  const lines = missing.map((name) => `${name}="…"`).join(", ");
  if (local === null) return [warning(".dev.vars", `is missing. Copy .dev.vars.example to it, with ${lines}`)];
  return [warning(local.path, `lacks ${names}. What needs them refuses until they are there. Add ${lines}`)];
}

function conclusion(path: string, dev: boolean, errors: number, goesOn: boolean): string {
  const judged = `${path}${dev ? ", with .dev.vars and for this machine," : ""}`;
  if (errors === 0) return `${judged} is in order`;
  const count = errors === 1 ? "1 error" : `${errors} errors`;
  return `${judged} has ${count}${goesOn ? "; what that is about stays closed, the rest runs" : ""}`;
}
