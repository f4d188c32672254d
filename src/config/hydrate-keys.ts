// The keys that say where the object of a thin event is, and how their values are written; touches nothing.
import * as z from "zod/mini";
import { spelled, written } from "./forms.ts";
import { texts } from "./shape-keys.ts";

export const hydrateKeys = z.strictObject({
  from: z.optional(written((text) => text, 'is not text. Write it as "https://api.stripe.com"')),
  path: z._default(
    spelled(
      /^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*){0,9}$/,
      'is no place in a body. Write the names that lead to it, as in "related_object.url"',
    ),
    "related_object.url",
  ),
  headers: z.optional(texts('is not a table. Write it as { authorization = "Bearer $STRIPE_API_KEY" }')),
});
