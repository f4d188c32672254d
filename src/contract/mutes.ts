// What nobody is told of for a while: the orders to mute and to unmute. Schemas only.
import * as z from "zod/mini";
import { ALERT_RULES, mute } from "./alerts.ts";
import { orNull } from "./question.ts";

/** What is muted: a rule, or everything about a subject, or a rule about one subject. */
const muted = {
  rule: orNull(z.enum(ALERT_RULES, { error: `must be one of ${ALERT_RULES.join(", ")}` })),
  subject: orNull(
    z
      .string("must be text")
      .check(
        z.minLength(1, "must not be empty: leave it out to mute a rule as a whole"),
        z.maxLength(200, "must not be longer than 200 characters"),
      ),
  ),
};

const muteOrder = z.strictObject({
  ...muted,
  until: z.pipe(
    z.iso.datetime({ offset: true, error: "must be a time of ISO 8601, such as 2026-03-01T09:30:00Z" }),
    z.transform((text: string) => Date.parse(text)),
  ),
});

const unmuteOrder = z.strictObject(muted);

const mutes = z.object({ mutes: z.array(mute) });

/** Orders of `contract/acts.ts`. */
export const MUTE_ACTS = {
  "POST /alerts/mute": {
    role: "operator",
    act: "alerts.mute",
    body: muteOrder,
    says: "Holds back the notices of alerts that begin, until a time: of a rule, a subject, or both. If an alert is still open then, its notice is sent then.",
    answer: mutes,
  },
  "POST /alerts/unmute": {
    role: "operator",
    act: "alerts.unmute",
    body: unmuteOrder,
    says: "Ends a mute early. Give its rule, its subject, or both, as in the mute.",
    answer: mutes,
  },
} as const;
