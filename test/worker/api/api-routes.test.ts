// The API's manners, on every route alike: methods, parameters, bodies and what is said where they are wrong.
import { expect, test } from "vitest";
import { type Route, ROUTES } from "../../../src/api/routes.ts";
import { encodeBase64 } from "../../../src/bytes/encoding.ts";
import { ID, Operator, OTHER } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

const routes = Object.entries<Route>(ROUTES).map(([key, route]) => {
  const [method = "", path = ""] = key.split(" ", 2);
  return { body: route.body, method, path, at: `/api${path.replace(":id", ID).replace(":name", "bin")}` };
});

const problemOf = async (response: Response) => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return await response.json<{ status: number; detail?: string }>();
};

test("a body comes back byte for byte, as a file that no browser takes for a page", async () => {
  const html = "\ufeff<script>alert('☃')</script>\r\n";
  const bytes = new TextEncoder().encode(html);
  await operator.accept({ body: html, size: bytes.length });
  const noText = new Uint8Array([0, 255, 128, 10, 13, 0]);
  const parts = [noText, new Uint8Array([1, 2, 3])];
  await rows(
    "INSERT INTO event_parts (receipt, n, event, data) SELECT 'large', key, ?1, value FROM json_each(?2)",
    OTHER,
    JSON.stringify(parts.map(encodeBase64)),
  );
  await operator.accept({ id: OTHER, receipt: "large", encoding: "base64", body: null, parts: 2, size: 9 });
  for (const [id, expected] of [
    [ID, [...bytes]],
    [OTHER, [0, 255, 128, 10, 13, 0, 1, 2, 3]],
  ] as const) {
    const response = await operator.call(`/api/events/${id}/body`);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual(expected);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-disposition")).toBe(`attachment; filename="${id}.bin"`);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect((await operator.call("/api/events/evt_x/body")).status).toBe(404);
});

test("another method is 405 and names those that there are", async () => {
  const allowed = Map.groupBy(routes, ({ at }) => at);
  for (const [at, offered] of allowed) {
    const methods = offered.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].filter((one) => !methods.includes(one))) {
      const response = await operator.call(at, { method });
      expect([method, at, response.status, response.headers.get("allow")]).toEqual([
        method,
        at,
        405,
        methods.join(", "),
      ]);
    }
  }
});

test("an address that is none is 404 and says where they are listed", async () => {
  for (const at of ["/api", "/api/", "/api/nothing", `/api/events/${ID}/nothing`, "/api/events/", "/api//events"]) {
    const response = await operator.call(at);
    expect([at, await problemOf(response)]).toEqual([
      at,
      expect.objectContaining({ status: 404, detail: expect.stringContaining("openapi.json") }),
    ]);
  }
});

test("a parameter that nobody knows is refused on every route", async () => {
  await operator.accept();
  for (const { method, at } of routes) {
    const response = await operator.call(`${at}?soruce=github`, { method });
    const { status, detail } = await problemOf(response);
    expect([method, at, status, detail]).toEqual([method, at, 400, expect.stringMatching(/parameter/)]);
  }
});

test("an Idempotency-Key that is none is refused on every route that takes one", async () => {
  for (const { method, at } of routes.filter((one) => one.method !== "GET")) {
    for (const key of ["", "x".repeat(256), "two words"]) {
      const response = await operator.call(at, { method, headers: { "idempotency-key": key } });
      expect((await problemOf(response)).detail).toMatch(/^Idempotency-Key: /);
    }
  }
});

test("an order that is none is refused, and what is wrong with it is named", async () => {
  // A message is no order: the front door judges it.
  const orders = routes.filter(({ at, body }) => body !== undefined && at !== "/api/events");
  expect(orders).toHaveLength(14);
  for (const { method, at } of orders) {
    for (const body of ["", "{", "[]", "null", '"text"', "destination=crm"]) {
      const response = await operator.call(at, { method, body });
      expect((await problemOf(response)).detail).toMatch(/^the body must be JSON: an object with /);
    }
    const unknown = await operator.call(at, { method, body: '{"nobody":1}' });
    expect((await problemOf(unknown)).detail).toMatch(/nobody: /);
  }
  const wrong: [string, string, object, RegExp][] = [
    ["POST", `/api/events/${ID}/send`, { destination: 5 }, /^destination: must be text$/],
    ["POST", `/api/events/${ID}/send`, { destination: "" }, /^destination: must not be empty$/],
    ["PUT", "/api/destinations/bin/script", { script: "explode" }, /script/],
    ["PUT", "/api/destinations/bin/script", {}, /^script: /],
    [
      "POST",
      "/api/replays",
      { filter: { state: "pending" } },
      /state: must be one of failed, delivered, both: left out, it is failed/,
    ],
    ["POST", "/api/replays", { filter: { since: "yesterday" } }, /since: must be a time/],
    ["POST", "/api/replays", { filter: { sauce: "github" } }, /^filter\.sauce: /],
    ["POST", "/api/replays", { filter: {}, rate: 0 }, /rate: must be a whole number/],
    ["POST", "/api/replays", { filter: {}, rate: "fast" }, /^rate: must be a number/],
  ];
  for (const [method, at, body, detail] of wrong) {
    const response = await operator.call(at, { method, body: JSON.stringify(body) });
    expect([at, response.status, (await problemOf(response)).detail]).toEqual([at, 400, expect.stringMatching(detail)]);
  }
});

test("HEAD is GET without its body", async () => {
  await operator.accept();
  for (const { at, path } of routes.filter(({ method }) => method === "GET")) {
    if (path === "/live") continue;
    const [head, get] = [await operator.call(at, { method: "HEAD" }), await operator.call(at)];
    expect([at, head.status, await head.text()]).toEqual([at, get.status, ""]);
    await get.body?.cancel();
  }
});
