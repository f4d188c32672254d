// Who sends, with which secret, and where to? Reads wrangler.toml, and secrets from the environment and .dev.vars.
import { readConfig } from "../../config/config.ts";
import type { ConfiguredSource } from "../../config/configured.ts";
import { suggest } from "../../config/findings.ts";
import { findProvider, providerIds } from "../../providers/catalogue.ts";
import type { Provider } from "../../scheme/scheme.ts";
import { settingsOf } from "../../scheme/settings.ts";
import type { Secret } from "../../types.ts";
import { signedUrl } from "../../verify/readings.ts";
import { openDevVars, openWranglerFile, table } from "../local/wrangler-file.ts";

/** Where `wrangler dev` and `npm start` listen. */
const LOCAL = "http://127.0.0.1:8787";

/** What was asked for. */
export interface Order {
  /** A sender of the catalogue, or a source of the configuration. */
  readonly name: string;
  readonly source: string | null;
  /** The whole URL. */
  readonly to: string | null;
  readonly config: string;
  readonly secret: string | null;
}

/** All that a request needs to be made. */
export interface Target {
  readonly provider: Provider;
  /** Its name in the catalogue. */
  readonly id: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: Secret;
  /** Where it is sent. */
  readonly url: string;
  /** What the sender signs where it signs its URL. */
  readonly signedUrl: string;
}

/** @returns the target, or a sentence that says what is missing */
export async function targetOf(order: Order): Promise<Target | string> {
  const opened = await openWranglerFile(order.config);
  const vars = opened.ok ? table(opened.file["vars"]) : {};
  const kept = (await openDevVars(order.config, null))?.vars ?? {};
  const { sources } = readConfig({ ...vars, ...kept, ...process.env, LOOPBACK_DESTINATIONS: "true" });
  const fitting = [...sources.values()].filter(
    ({ name, provider }) => (order.source ?? order.name) === name || (order.source === null && order.name === provider),
  );
  const [source, other] = fitting;
  if (other !== undefined && !fitting.some(({ name }) => name === order.name))
    return `${fitting.map(({ name }) => name).join(", ")} are sources of ${order.name}: say which, with --source NAME`;
  const chosen = fitting.find(({ name }) => name === order.name) ?? source;
  return chosen === undefined ? unconfigured(order) : configured(chosen, order);
}

function configured(source: ConfiguredSource, { to, secret }: Order): Target | string {
  const [first] = source.secrets;
  const given = secret ?? first?.value;
  if (given === undefined)
    return `${source.name} has no secret here: put ${source.secretNames[0] ?? "its secret"} into .dev.vars, or name a file with --secret-file`;
  const url = to ?? `${base()}/in/${source.name}`;
  return {
    provider: source.scheme,
    id: source.provider,
    settings: source.settings,
    secret: { name: first?.name ?? "the given secret", value: given },
    url,
    signedUrl: signedUrl(source.publicUrl, url),
  };
}

function unconfigured({ name, source, to, config, secret }: Order): Target | string {
  const provider = findProvider(name);
  if (provider === null)
    return `there is neither a source nor a provider ${JSON.stringify(name)}.${suggest(name, [...providerIds()])}`;
  if (source !== null) return `${config} has no source ${JSON.stringify(source)} of ${name}`;
  if (to === null || secret === null)
    return [
      `${config} has no source of ${name}. Add one:`,
      "",
      `  [vars.SOURCES.${name}]`,
      `  provider = "${name}"`,
      "",
      "or say where to send, and with which secret: --to URL --secret-file FILE",
    ].join("\n");
  const needed = settingsOf(provider).flatMap((one) => (one.needed ? [one.name] : []));
  if (needed.length > 0)
    return `${name} signs with settings of its source (${needed.join(", ")}): describe the source in ${config}`;
  return {
    provider,
    id: name,
    settings: {},
    secret: { name: "the given secret", value: secret },
    url: to,
    signedUrl: to,
  };
}

function base(): string {
  const { HOOKLINE_URL: given = "" } = process.env;
  return given === "" ? LOCAL : given.replace(/\/+$/, "");
}
