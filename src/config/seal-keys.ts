// The keys of a source that say how its events are kept, and how their values are written; touches nothing.
import * as z from "zod/mini";
import { list, spelled } from "./forms.ts";

/** `body.card.number`, or `headers.x-token`. */
const PLACE = /^(?:body(?:\.[^\s.]+){1,20}|headers\.[A-Za-z0-9!#$%&'*+^_`|~-]+)$/;

export const sealKeys = {
  redact: z.optional(
    list(
      spelled(
        PLACE,
        'is no place. Write the names that lead to it, as in "body.card.number", "body.items.*.token" or "headers.x-token"',
      ),
      "redacts nothing. Leave it out to keep everything",
    ),
  ),
  encrypt: z._default(z.boolean("is neither true nor false. Write true or false, without quotes"), false),
};
