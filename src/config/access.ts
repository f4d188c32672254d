// The table `ACCESS`: which Cloudflare Access application signs people in, and with which role. Pure.
import { parseJson } from "../bytes/json.ts";
import * as z from "zod/mini";
import { role } from "../contract/access.ts";
import { error, explain, type Finding, show } from "./findings.ts";

/** Whom Cloudflare Access may vouch for: people by their address, service tokens by their Client ID, in lower case. */
export interface AccessPolicy {
  /** `acme` of `acme.cloudflareaccess.com`. */
  readonly team: string;
  /** The application's Audience tag: an assertion for another application of the team opens nothing here. */
  readonly audience: string;
  /** Of everybody whom Access lets through and who is not listed below. */
  readonly role: z.output<typeof role>;
  readonly operators: readonly string[];
  readonly admins: readonly string[];
}

const people = z._default(
  z.array(
    z.string().check(z.regex(/^\S{1,320}$/, "is not an address. Write it as ops@example.com"), z.toLowerCase()),
    'is not a list. Write it as ["ops@example.com"]',
  ),
  [],
);

const TEAM = 'Write the part before ".cloudflareaccess.com"';
const AUDIENCE = "Copy it from the application: 64 hexadecimal digits";

/** Text of a form; a message each for what is not there and for what has another form. */
function formed(form: RegExp, what: string, fix: string) {
  const message = ({ input }: { readonly input?: unknown }) =>
    `${input === undefined ? "is missing" : `is not ${what}`}. ${fix}`;
  return z.string({ error: message }).check(z.regex(form, `is not ${what}. ${fix}`));
}

export const accessKeys = z.strictObject({
  team: formed(/^[a-z0-9][a-z0-9-]{0,62}$/, "a team", TEAM),
  audience: formed(/^[0-9a-f]{64}$/, "an Audience tag", AUDIENCE),
  role: z._default(z.enum(role.options, "is no role. Write viewer, operator or admin"), "viewer"),
  operators: people,
  admins: people,
});

/** The policy, or `null` where there is none or something is wrong with it: then Cloudflare Access lets nobody in. */
export function readAccess(value: unknown, findings: Finding[]): AccessPolicy | null {
  if (value === undefined) return null;
  const table = typeof value === "string" ? parseJson(value) : value;
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    findings.push(error("ACCESS", `${show(value)} is not a table. Write it as [vars.ACCESS]`));
    return null;
  }
  const parsed = accessKeys.safeParse(table);
  if (parsed.success) return parsed.data;
  findings.push(...explain("ACCESS", table, parsed.error.issues));
  return null;
}
