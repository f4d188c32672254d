// What the API answers about who may do what, and who did. Schemas only.
import * as z from "zod/mini";
import { instant } from "./history.ts";

/** Each role may do what those before it may. */
export const role = z.enum(["viewer", "operator", "admin"]);
export type Role = z.output<typeof role>;

/** What a key may be called: nothing that looks like another name, or like nothing. */
export const keyName = z
  .string("must be text")
  .check(
    z.regex(
      /^[A-Za-z0-9](?:[A-Za-z0-9 ._@-]{0,62}[A-Za-z0-9])?$/,
      "must be 1 to 64 letters, digits and . _ @ - or spaces between them",
    ),
  );

/** What a new key is to be. */
export const keyOrder = z.strictObject({
  name: keyName,
  role: z.enum(role.options, `must be one of ${role.options.join(", ")}`),
  days: z.nullable(
    z
      .int("must be a whole number of days, or null for a key that does not expire")
      .check(z.minimum(1, "must be 1 at least"), z.maximum(3_650, "must be 3650 at most")),
  ),
});

/** A key without its secret, which is shown once, when it is made. */
export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  role,
  state: z.enum(["live", "expired", "revoked"]),
  created_at: instant,
  created_by: z.string(),
  expires_at: z.nullable(instant),
  revoked_at: z.nullable(instant),
  /** To the hour. */
  last_used_at: z.nullable(instant),
});
export type ApiKey = z.output<typeof apiKey>;

export const newApiKey = z.object({ key: apiKey, secret: z.string() });
export type NewApiKey = z.output<typeof newApiKey>;

export const auditEntry = z.object({
  at: instant,
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  detail: z.nullable(z.string()),
});
export type AuditEntry = z.output<typeof auditEntry>;

/** Who asks. */
const caller = z.object({
  /** As the audit names it: `admin` for ADMIN_TOKEN, `key:<name>`, or `access:<address>` of Cloudflare Access. */
  actor: z.string(),
  role,
  how: z.enum(["token", "key", "session", "access"]),
});
export type Caller = z.output<typeof caller>;
