// The source of what the relay itself has to say. Its name is reserved, and no request comes in by it. Touches nothing.
import { OWN_NAME } from "../contract/alerts.ts";
import type { ConfiguredSource } from "./configured.ts";
import { resolveProvider } from "./custom.ts";

/** Messages of type, timestamp, data and id, as an app of the operator's own would send them. */
export const OWN: ConfiguredSource = ownSource();

function ownSource(): ConfiguredSource {
  const resolved = resolveProvider("bearer", {});
  if (!resolved.ok) throw new Error("the catalogue has no form for messages of one's own");
  return {
    name: OWN_NAME,
    provider: resolved.id,
    scheme: resolved.provider,
    secrets: [],
    secretNames: [],
    allow: [],
    allowPublished: false,
    rate: null,
    // They are few, and may go to a destination that wants them in order.
    together: OWN_NAME,
    maxBody: 1024 * 1024,
    dedupeWindowMs: null,
    publicUrl: null,
    settings: {},
  };
}
