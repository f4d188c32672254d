// The tools that try something out: what a filter, a transform or the routes would make of an event. Nothing is stored
// or sent. The API asks for an operator here, and so do they.
import * as z from "zod/mini";
import { ACTS } from "../contract/acts.ts";
import { dryManyOrder, dryOrder, tryOrder } from "../contract/routing.ts";
import { SINCE, TYPE, UNTIL } from "./asked.ts";
import { look, type Tool } from "./tool.ts";

const ROUTE = "Name of the route whose expressions are tried; left out, all that take from the source.";
const WHEN = "A condition in CEL, in the place of what the routes have.";
const TRANSFORM = "A transform in JSONata, in the place of what the routes have.";
const BODY = "The body of an event that never came, as text.";
const HEADERS = "Its headers.";

export const TRIES: readonly Tool[] = [
  look(
    {
      name: "try_routes",
      title: "Try the routes",
      says: ACTS["POST /routes/try"].says,
      takes: tryOrder,
      args: {
        source: "Name of the source that it would come from.",
        type: "Its type; left out, as the sender would name it.",
        headers: HEADERS,
        body: BODY,
      },
      run: async (args, { operator, by }) => await operator.acts["routes.try"](null, by, args),
    },
    ACTS["POST /routes/try"].role,
  ),
  look(
    {
      name: "dry_run",
      title: "Dry-run a filter or a transform",
      says: ACTS["POST /transforms/try"].says,
      takes: dryOrder,
      args: {
        event: "Id of a stored event; left out, source and body say what would come.",
        source: "Name of the source that it would come from.",
        type: "Its type; left out, as the sender would name it.",
        headers: HEADERS,
        body: BODY,
        route: ROUTE,
        transform: TRANSFORM,
        when: WHEN,
      },
      run: async (args, { operator, by }) => await operator.acts["transforms.try"](null, by, args),
    },
    ACTS["POST /transforms/try"].role,
  ),
  look(
    {
      name: "dry_run_stored",
      title: "Dry-run on the last events",
      says: `${ACTS["POST /transforms/try-stored"].says} For a filter: which of them it would let through.`,
      takes: z.strictObject({ ...dryManyOrder.shape }),
      args: {
        source: "Name of the source.",
        type: TYPE,
        since: SINCE,
        until: UNTIL,
        last: "How many, the newest first: 1 to 20, 10 if left out.",
        route: ROUTE,
        transform: TRANSFORM,
        when: WHEN,
      },
      run: async (args, { operator, by }) => await operator.acts["transforms.try-stored"](null, by, args),
    },
    ACTS["POST /transforms/try-stored"].role,
  ),
];
