// Who gets in at /mcp, what is a message there, and what a stranger is told.
import { expect, test } from "vitest";
import { Locked } from "../../../src/bytes/vault.ts";
import { Assistant, VERSION } from "../kit/assistant.ts";
import { Operator, TOKEN } from "../kit/operator.ts";
import { bearer, newKey, signIn } from "../kit/people.ts";

const operator = new Operator();
const assistant = new Assistant(operator);
const PING = { jsonrpc: "2.0", id: 1, method: "ping" };

test("without a key there is 401 before body, method or Accept is looked at, and it says how to come", async () => {
  for (const authorization of [
    "",
    "Bearer",
    "Bearer wrong",
    `Basic ${TOKEN}`,
    `Bearer hlk_${"0".repeat(12)}_${"0".repeat(64)}`,
  ]) {
    for (const [method, body, accept] of [
      ["POST", "no JSON", "text/html"],
      ["POST", JSON.stringify(PING), "application/json"],
      ["POST", "x".repeat(2_000_000), ""],
      ["GET", null, "text/event-stream"],
      ["DELETE", null, ""],
    ] as const) {
      const response = await assistant.send(body, { authorization, accept }, method);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.json()).toEqual({ type: "about:blank", title: "Unauthorized", status: 401 });
    }
  }
});

test("a request without a key does not have its body read", async () => {
  const body = new ReadableStream({ pull: () => Promise.reject(new Error("read")) }, { highWaterMark: 0 });
  expect((await assistant.send(body, { authorization: "" })).status).toBe(401);
});

test("a browser's session opens nothing here, and neither does a page of another site", async () => {
  const cookie = await signIn(operator);
  const session = { authorization: null, cookie, origin: "https://relay.example.com", "sec-fetch-site": "same-origin" };
  for (const method of ["POST", "GET"]) {
    const response = await assistant.send(method === "GET" ? null : JSON.stringify(PING), session, method);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("takes an API key")]);
  }
  for (const origin of [
    "https://evil.example",
    "null",
    "http://relay.example.com",
    "https://relay.example.com.evil.example",
  ]) {
    const response = await assistant.send(JSON.stringify(PING), { origin });
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain("result");
  }
  expect((await assistant.ask(PING, { origin: "https://relay.example.com" })).status).toBe(200);
});

test("there is no stream to get and no session to end", async () => {
  for (const method of ["GET", "DELETE", "PUT"]) {
    const response = await assistant.send(null, { accept: "text/event-stream" }, method);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  }
  const { headers } = await assistant.ask(PING, { "mcp-session-id": "made-up" });
  expect(headers.get("mcp-session-id")).toBeNull();
});

test("only JSON is taken, and only who takes JSON is answered", async () => {
  expect((await assistant.ask(PING, { "content-type": "text/plain" })).status).toBe(415);
  expect((await assistant.ask(PING, { accept: "text/html" })).status).toBe(406);
  expect((await assistant.ask(PING, { "content-type": "application/json; charset=utf-8", accept: "*/*" })).status).toBe(
    200,
  );
});

test("what is no JSON, no message, too large, too deep or too many is refused in the protocol's own numbers", async () => {
  for (const [body, status, code] of [
    ["{", 400, -32700],
    ["", 400, -32700],
    ["[".repeat(100_000), 400, -32700],
    [`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[${"1,".repeat(50_000)}1]}}`, 400, -32700],
    ["[]", 400, -32600],
    ["null", 400, -32600],
    ['"ping"', 400, -32600],
    ['{"id":1,"method":"ping"}', 400, -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 400, -32600],
    ['{"jsonrpc":"2.0","id":1,"method":7}', 400, -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400, -32600],
    [JSON.stringify(Array.from({ length: 6 }, (_, id) => ({ ...PING, id }))), 400, -32600],
  ] as const) {
    const response = await assistant.send(body);
    expect([body.slice(0, 60), response.status]).toEqual([body.slice(0, 60), status]);
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", error: { code } });
  }
  expect((await assistant.send("x".repeat(1024 * 1024 + 1))).status).toBe(413);
});

test("a client of an older revision shakes hands, asks, and tells something without an answer", async () => {
  for (const [asked, agreed] of [
    ["2025-11-25", "2025-11-25"],
    ["2025-06-18", "2025-06-18"],
    ["2025-03-26", "2025-03-26"],
    ["2024-11-05", "2025-11-25"],
    [VERSION, "2025-11-25"],
    [7, "2025-11-25"],
  ]) {
    const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const { body } = await assistant.ask({ jsonrpc: "2.0", id: "a", method: "initialize", params });
    expect(body).toMatchObject({
      id: "a",
      result: { protocolVersion: agreed, capabilities: { tools: {} }, serverInfo: { name: "hookline" } },
    });
  }
  for (const message of [
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 3, result: {} },
  ]) {
    const response = await assistant.send(JSON.stringify(message), { "mcp-protocol-version": "2025-11-25" });
    expect([response.status, await response.text()]).toEqual([202, ""]);
  }
  const { status, body } = await assistant.ask({ jsonrpc: "2.0", id: 4, method: "resources/list" });
  expect([status, body.error?.code]).toEqual([200, -32601]);
});

test("a batch is taken of the one revision that has them, and each message is answered", async () => {
  const batch = [
    PING,
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "nothing" },
  ];
  for (const headers of [{}, { "mcp-protocol-version": "2025-03-26" }]) {
    const { status, body } = await assistant.ask(batch, headers);
    expect(status).toBe(200);
    expect(body).toEqual([
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 2, error: { code: -32601, message: "Method not found" } },
    ]);
  }
  expect((await assistant.send(JSON.stringify([batch[1]]))).status).toBe(202);
  for (const version of ["2025-06-18", "2025-11-25", VERSION])
    expect((await assistant.ask(batch, { "mcp-protocol-version": version })).status).toBe(400);
});

test("a client of the newest revision says all in each request, and is told so where it does not", async () => {
  const found = await assistant.askNew("server/discover");
  expect(found.body.result).toMatchObject({
    resultType: "complete",
    supportedVersions: [VERSION],
    capabilities: { tools: {} },
    cacheScope: "private",
    _meta: { "io.modelcontextprotocol/serverInfo": { name: "hookline" } },
  });
  const coded = `=?base64?${btoa("list_failing")}?=`;
  expect((await assistant.askNew("tools/call", { name: "list_failing" }, { "mcp-name": coded })).status).toBe(200);

  const version = "io.modelcontextprotocol/protocolVersion";
  for (const [what, answer, status, code] of [
    [
      "another method in the header",
      assistant.askNew("tools/list", {}, { "mcp-method": "server/discover" }),
      400,
      -32020,
    ],
    [
      "another name in the header",
      assistant.askNew("tools/call", { name: "list_failing" }, { "mcp-name": "read_event" }),
      400,
      -32020,
    ],
    [
      "an older revision in the header",
      assistant.askNew("tools/list", {}, { "mcp-protocol-version": "2025-11-25" }),
      400,
      -32020,
    ],
    [
      "a revision that is none",
      assistant.askNew("tools/list", {}, { "mcp-protocol-version": "1900-01-01" }, { [version]: "1900-01-01" }),
      400,
      -32022,
    ],
    ["a revision that is no text", assistant.askNew("tools/list", {}, {}, { [version]: 7 }), 400, -32602],
    [
      "no capabilities",
      assistant.askNew("tools/list", {}, {}, { "io.modelcontextprotocol/clientCapabilities": 7 }),
      400,
      -32602,
    ],
    ["a method that is none", assistant.askNew("resources/list"), 404, -32601],
    ["the handshake", assistant.askNew("initialize"), 404, -32601],
    ["a header alone", assistant.ask(PING, { "mcp-protocol-version": VERSION }), 400, -32602],
    ["a header that is none, alone", assistant.ask(PING, { "mcp-protocol-version": "1900-01-01" }), 400, -32022],
    ["a second page", assistant.askNew("tools/list", { cursor: "2" }), 400, -32602],
    ["a tool that is none", assistant.askNew("tools/call", { name: "drop_tables" }), 400, -32602],
    ["arguments that are none", assistant.askNew("tools/call", { name: "list_failing", arguments: [1] }), 400, -32602],
  ] as const) {
    const { status: got, body } = await answer;
    expect([what, got, body.error?.code]).toEqual([what, status, code]);
  }
  const refused = await assistant.askNew(
    "tools/list",
    {},
    { "mcp-protocol-version": "1900-01-01" },
    { [version]: "1900-01-01" },
  );
  expect(refused.body.error?.data).toEqual({ supported: [VERSION], requested: "1900-01-01" });
});

test("a fault of the relay's own is in the log, and the client is told nothing of it", async () => {
  const broken = {
    tables: {
      ...operator.deps.tables,
      records: {
        ...operator.deps.tables.records,
        event: () => Promise.reject(new Error("D1_ERROR: no such table: events")),
      },
    },
  };
  const { status, body } = await assistant.ask(
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read_event", arguments: { event: "evt_x" } } },
    {},
    broken,
  );
  expect([status, body.error]).toEqual([200, { code: -32603, message: "Internal error" }]);
  expect(operator.logged.filter((line) => line.includes("mcp.failed"))).toHaveLength(1);
});

test("an event that cannot be opened is said to be closed, because who asks may read it", async () => {
  const { records } = operator.deps.tables;
  const closed = { ...records, event: () => Promise.reject(new Locked("k1", "its key is not set")) };
  const told = await assistant.call(
    "read_event",
    { event: "evt_x" },
    { tables: { ...operator.deps.tables, records: closed } },
  );
  expect(told).toMatchObject({ error: true, text: "the event cannot be opened: its key is not set" });
});

test("a viewer sees the tools that look and no others, and is told so where it calls one", async () => {
  const names = async (key: string) => {
    const { body } = await new Assistant(operator, key).ask({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the protocol says of it
    return body.result?.["tools"] as {
      name: string;
      annotations: { readOnlyHint: boolean };
      inputSchema: { type: string };
    }[];
  };
  const [viewer, other] = [await newKey(operator, "viewer"), await newKey(operator, "operator")];
  const few = await names(viewer.secret);
  const all = await names(other.secret);
  expect(few.map(({ name }) => name)).toEqual([
    "search_events",
    "search_deliveries",
    "read_event",
    "explain_routes",
    "explain_refusals",
    "list_failing",
    "list_sources",
    "list_destinations",
    "read_destination",
    "list_routes",
    "list_replays",
  ]);
  expect(few.every(({ annotations }) => annotations.readOnlyHint)).toBe(true);
  expect(all.filter(({ annotations }) => !annotations.readOnlyHint).map(({ name }) => name)).toEqual([
    "replay_event",
    "replay_delivery",
    "cancel_delivery",
    "replay_failed",
    "cancel_replay",
    "pause_destination",
    "resume_destination",
    "test_destination",
  ]);
  expect(all.every(({ inputSchema }) => inputSchema.type === "object")).toBe(true);
  const more = (await names((await newKey(operator, "admin")).secret)).slice(all.length);
  expect(more.map(({ name, annotations: { readOnlyHint } }) => [name, readOnlyHint])).toEqual([
    ["list_deletions", true],
    ["delete_event", false],
    ["count_subject", false],
    ["confirm_deletion", false],
    ["cancel_deletion", false],
  ]);
  const told = await new Assistant(operator, viewer.secret).call("pause_destination", { destination: "crm" });
  expect(told).toMatchObject({ error: true, text: "this takes the role operator, and yours is viewer" });
  await operator.call(`/api/keys/${viewer.id}/revoke`, { method: "POST" });
  expect((await assistant.send(JSON.stringify(PING), bearer(viewer.secret))).status).toBe(401);
});
