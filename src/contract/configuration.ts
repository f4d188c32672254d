// What the API answers about the configuration that a relay runs with. Schemas only.
import * as z from "zod/mini";

/** What was deployed, as it was written, and which secrets are set. No secret's value is in it. */
export const configuration = z.object({
  /** Vars by name; a table is an object, as in `wrangler.toml`. */
  vars: z.record(z.string(), z.unknown()),
  /** Names of the secrets that are set. */
  secrets: z.array(z.string()),
  /** Names of those that the configuration asks for and that are not set. */
  missing: z.array(z.string()),
});
export type ConfigurationAnswer = z.output<typeof configuration>;
