// Whether a receiver of CloudEvents wants them: asked once before the first, and nothing is sent without a yes.
import { expect, test, vi } from "vitest";
import { openSend } from "../../../src/net/send.ts";
import { setUp } from "../kit/relay.ts";

setUp();

const outgoing = {
  url: "https://receiver.example.com/events?key=1",
  headers: { "webhook-id": "evt_1" },
  body: new Uint8Array([1]),
  consent: { origin: "hooks.example.com", headers: { authorization: "Bearer x" } },
};
let now = 1_000_000;
/** Every request that leaves; OPTIONS are answered so. */
function network(options: () => Response | Promise<Response>) {
  const seen: { method: string; headers: Record<string, string> }[] = [];
  vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
    const { method, headers } = new Request(input, init);
    seen.push({ method, headers: Object.fromEntries(headers) });
    return method === "OPTIONS" ? await options() : new Response("thanks");
  });
  return { seen, send: openSend(() => now, 1_000) };
}
const allowing =
  (origin: string, status = 200) =>
  () =>
    new Response(null, { status, headers: { "webhook-allowed-origin": origin } });

test("a receiver is asked with the relay's name and its own credentials, once an hour", async () => {
  const { seen, send } = network(allowing("*"));
  for (let n = 0; n < 3; n += 1) expect(await send(outgoing)).toMatchObject({ status: 200, fault: null });
  expect(seen.map(({ method }) => method)).toEqual(["OPTIONS", "POST", "POST", "POST"]);
  expect(seen[0]?.headers).toMatchObject({ "webhook-request-origin": "hooks.example.com", authorization: "Bearer x" });
  expect(seen[0]?.headers).not.toHaveProperty("webhook-id");
  now += 60 * 60_000;
  await send(outgoing);
  expect(seen.map(({ method }) => method).slice(4)).toEqual(["OPTIONS", "POST"]);
});

test.each([
  ["its own name", allowing("Hooks.Example.com"), null],
  ["another name", allowing("evil.example"), "unconsented"],
  ["no name", () => new Response(null), "unconsented"],
  ["a refusal", allowing("*", 403), "unconsented"],
  ["a redirect", allowing("*", 302), "unconsented"],
  ["no answer", () => Promise.reject(new Error("reset")), "connection"],
  [
    "silence",
    () => new Promise<Response>((_, reject) => setTimeout(() => reject(new Error("late")), 1_100)),
    "timeout",
  ],
] as const)("%s", async (_, options, fault) => {
  const { seen, send } = network(options);
  expect(await send(outgoing)).toMatchObject({ fault });
  expect(seen.map(({ method }) => method)).toEqual(fault === null ? ["OPTIONS", "POST"] : ["OPTIONS"]);
});

test("a no is remembered for half a minute, so that a backlog does not ask for each of its events", async () => {
  const { seen, send } = network(() => new Response(null, { status: 405 }));
  for (let n = 0; n < 3; n += 1) await send(outgoing);
  expect(seen).toHaveLength(1);
  now += 30_000;
  await send(outgoing);
  expect(seen).toHaveLength(2);
});

test("nobody else is asked", async () => {
  const { seen, send } = network(allowing("*"));
  const { consent: _, ...plain } = outgoing;
  await send(plain);
  expect(seen.map(({ method }) => method)).toEqual(["POST"]);
});
