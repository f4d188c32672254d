// The API's orders: a route for each line of the contract's table, which the operator carries out.
// A new one needs nothing here.
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Act, type ActKey, ACTS, type AnswerTo, MOST_BYTES, type WrittenOrder } from "../contract/acts.ts";
import { problem } from "../errors.ts";
import { parseDeliveryId } from "../ids.ts";
import type { By, Done } from "../operate/operator.ts";
import { noDelivery } from "../operate/refuse.ts";
import { type ApiEnv, granted, Refusal, type RoomDeps } from "./env.ts";
import { orderIn } from "./inputs.ts";

type Perform = (target: unknown, by: By, order?: unknown) => Promise<Done<object>>;

/** What the typed client is told of them, as hono would have found it out from a chain of calls. */
type Endpoints = { [Key in ActKey]: Endpoint<Key> }[ActKey];
type Endpoint<Key extends ActKey> = Key extends `${infer Method} ${infer Path}`
  ? Record<
      Path,
      Record<
        `$${Lowercase<Method>}`,
        {
          input: Parameters<Path> & ([WrittenOrder<Key>] extends [never] ? unknown : { json: WrittenOrder<Key> });
          output: AnswerTo<Key>;
          outputFormat: "json";
          status: ContentfulStatusCode;
        }
      >
    >
  : never;
type Parameters<Path> = Path extends `${string}/:${infer Name}/${string}` ? { param: Record<Name, string> } : object;

export function actRoutes({ operator: { acts } }: RoomDeps) {
  const app = new Hono<ApiEnv>();
  for (const [key, { act, body, most = MOST_BYTES }] of Object.entries<Act>(ACTS)) {
    const [method = "", path = ""] = key.split(" ", 2);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Acts` holds each of them to the line of the table that is read here
    const perform = acts[act as keyof typeof acts] as Perform;
    app.on(method, path, bodyLimit({ maxSize: most, onError: () => tooLarge(most) }), async (c) => {
      const order = body === undefined ? [] : [orderIn(await c.req.text(), body)];
      return c.json(granted(await perform(targetIn(c, path), c.var.by, ...order)));
    });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop above has made just these
  return app as unknown as Hono<ApiEnv, Endpoints>;
}

function tooLarge(most: number): Response {
  return problem({ status: 413, title: "Content Too Large", detail: `an order here may have ${most} bytes at most` });
}

/** @see TargetOf */
function targetIn(c: Context<ApiEnv>, path: string): unknown {
  const { id, name } = c.req.param() as Readonly<Record<string, string>>;
  if (path.startsWith("/events/")) return { event: id };
  if (!path.startsWith("/deliveries/")) return id ?? name ?? null;
  const parsed = parseDeliveryId(id ?? "");
  if (parsed === null) throw new Refusal(noDelivery(id ?? "").problem);
  return parsed;
}
