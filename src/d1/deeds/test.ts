// D1: that a test event is about to be sent. The event itself is not kept.
import { AUDIT, type Deed, MINE } from "./deed.ts";

/**
 * A repeat gets what `end` of src/d1/trials.ts was given, which is an empty list while there is nothing.
 * The target is the destination.
 */
export const TEST: Deed<object, unknown> = { action: "test", answer: "'[]'", acts: [`${AUDIT} NULL WHERE ${MINE}`] };
