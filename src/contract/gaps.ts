// The order to ask a sender now for what never came. Schemas only.
import * as z from "zod/mini";
import { instant } from "./history.ts";

/** Orders of `contract/acts.ts`. */
export const GAP_ACTS = {
  "POST /sources/:name/gaps": {
    role: "operator",
    act: "gaps.look",
    says: "Asks the sender of a source now for missing events, instead of at the next scheduled check. Possible two minutes after the last check.",
    answer: z.object({
      source: z.string(),
      /** Whether it is asked now; otherwise the last look was a moment ago, or one is under way. */
      asked: z.boolean(),
      looked_at: z.nullable(instant),
    }),
  },
} as const;
