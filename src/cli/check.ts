// Would this wrangler.toml make a relay that works? Reads one file and says what is wrong with it.
import { error, type Finding } from "../config/findings.ts";
import { examine } from "./examine.ts";
import { openWranglerFile } from "./wrangler-file.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  usage: "check [--config FILE]",
  help: "Checks wrangler.toml, or FILE. Prints a line for each error and each warning, and refuses (exit code 1) only for errors.",
  options: { config: { type: "string", default: "wrangler.toml" } },
  names: 0,
  async run({ options, json }, { out }) {
    const path = String(options["config"]);
    const findings = await check(path);
    const errors = findings.filter(({ level }) => level === "error").length;
    if (json) {
      out(JSON.stringify({ ok: errors === 0, config: path, findings }, null, 2));
    } else {
      for (const { level, key, says } of findings) out(`${level} ${key}: ${says}`);
      if (errors === 0) out(`${path} is in order`);
    }
    return errors === 0 ? 0 : 1;
  },
};

async function check(path: string): Promise<Finding[]> {
  const opened = await openWranglerFile(path);
  return opened.ok ? examine(opened.file) : [error(path, opened.why)];
}
