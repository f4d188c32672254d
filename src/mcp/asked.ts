// Arguments that several tools take. Schemas only.
import * as z from "zod/mini";

const most = (length: number) => z.maxLength(length, `must not be longer than ${length} characters`);

/** The id of an event or of a delivery, the name of a source, a destination or a route. */
export const named = z.string("must be text").check(z.minLength(1, "must not be empty"), most(200));

const limitError = "must be a whole number from 1 to 50";
/** How many at once: fewer than over the API, because an assistant reads all of it. */
export const limit = z._default(z.int(limitError).check(z.gte(1, limitError), z.lte(50, limitError)), 20);

export const LIMIT = "How many at once: 1 to 50, 20 if left out.";
export const CURSOR = 'The "next" of an earlier answer, to go on where it ended.';
export const SINCE = "Not before this time, in ISO 8601.";
export const UNTIL = "Before this time, in ISO 8601.";
export const SOURCE = "Name of a source; left out, all of them.";
export const TYPE = "Type of the event, such as invoice.paid; left out, all of them.";
