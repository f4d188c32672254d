// The keys of a source that say how its events are kept, and how their values are written; touches nothing.
import * as z from "zod/mini";

export const sealKeys = {
  encrypt: z._default(z.boolean("is neither true nor false. Write true or false, without quotes"), false),
};
