// Which secret does a destination verify with? Reads wrangler.toml, and SIGNING_KEY from the environment or .dev.vars.
import { taking } from "../options.ts";
import { readConfig } from "../../config/config.ts";
import { suggest } from "../../config/findings.ts";
import { derivedSecret } from "../../out/sign.ts";
import { openDevVars, openWranglerFile, table } from "./wrangler-file.ts";
import { publicKeys } from "../../out/ed25519.ts";
import { needsKey } from "../../out/formats.ts";
import type { Destination } from "../../types.ts";
import { refused, type Verb } from "../verb.ts";

const NO_KEY = "SIGNING_KEY is neither in the environment nor in .dev.vars. Make one with: openssl rand -base64 32";

export const verb: Verb = {
  usage: "secret DESTINATION [--config FILE]",
  help: [
    "Prints the whsec_… secret with which DESTINATION verifies what Hookline sends, derived from SIGNING_KEY;",
    'with format = "standard-v1a" the whpk_… public key, which is at /.well-known/jwks.json too.',
    "SIGNING_KEY is taken from the environment, or else from .dev.vars. A deployed one cannot be read back:",
    "take it from your password store, and run: SIGNING_KEY=… npm run secret -- DESTINATION",
  ].join("\n"),
  options: { config: { ...taking("FILE", "where the destination is configured"), default: "wrangler.toml" } },
  examples: ["secret billing"],
  names: 1,
  async run({ names: [name = ""], options, json }, { out, err }) {
    const path = String(options["config"]);
    const key = await readSigningKey(path);
    const found = key === null ? NO_KEY : await signing(name, path, key.value);
    if (key === null || typeof found === "string") {
      const fault = typeof found === "string" ? found : NO_KEY;
      return refused(fault, { json }, { out, err });
    }
    const [secret = ""] =
      found.shape?.format === "standard-v1a" ? await publicKeys(found) : [await derivedSecret(key.value, name)];
    out(json ? JSON.stringify({ destination: name, secret, from: key.from }) : secret);
    // Which key it comes from is worth knowing: the one in .dev.vars is hardly the one that is deployed.
    if (!json) err(`derived from SIGNING_KEY in ${key.from}`);
    return 0;
  },
};

/**
 * The destination, or why it has no derived secret:
 * a misspelt name would get one that verifies nothing.
 */
async function signing(name: string, path: string, signingKey: string): Promise<Destination | string> {
  const opened = await openWranglerFile(path);
  if (!opened.ok) return `${path}: ${opened.why}`;
  // With the local switch on, so that a local destination has its secret too.
  const relay = {
    ...table(opened.file["vars"]),
    SIGNING_KEY: signingKey,
    LOOPBACK_DESTINATIONS: "true",
  };
  const { destinations } = readConfig(relay);
  const destination = destinations.get(name);
  if (destination === undefined) {
    return `${path} has no destination ${JSON.stringify(name)}.${suggest(name, [...destinations.keys()])}`;
  }
  // Its own secret is not in this file, so it has no key at all here.
  if (destination.keys.length > 0) return destination;
  return needsKey(destination.shape?.format)
    ? `${name} signs with a secret of its own: give its receiver that one`
    : `${name} gets nothing that the relay signs: its format is "${destination.shape?.format}"`;
}

async function readSigningKey(config: string): Promise<{ value: string; from: string } | null> {
  const { SIGNING_KEY: given } = process.env;
  if (given !== undefined && given !== "") return { value: given, from: "the environment" };
  const kept = await openDevVars(config, null);
  const value = kept?.vars["SIGNING_KEY"] ?? "";
  return kept === null || value === "" ? null : { value, from: kept.path };
}
