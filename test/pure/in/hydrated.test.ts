// What one attempt fetches, others of the same event wait for: also where the one that fetches has died.
import { afterEach, expect, test, vi } from "vitest";
import { FETCH_MS } from "../../../src/deadlines.ts";
import { openHydrate } from "../../../src/in/hydrated.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const HOW = { from: "https://api.example.com", path: "object.url", headers: {}, hidden: [], sent: [], unset: [] };
const document = () => ({ object: { url: "/v1/things/7" } });

test("an attempt whose isolate's other invocation has died in the middle of it ends, and the next one fetches anew", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"id":7}')));
  let died = true;
  const keepObject = (_: number, made: string) => (died ? new Promise<string>(() => {}) : Promise.resolve(made));
  const hydrated = openHydrate({ keepObject }, false, () => Date.now());
  void hydrated({ seq: 1 }, HOW, document);
  await vi.advanceTimersByTimeAsync(10);
  const second = hydrated({ seq: 1 }, HOW, document);
  await vi.advanceTimersByTimeAsync(FETCH_MS + 10);
  const inTime = await Promise.race([second, Promise.resolve("still waits")]);
  expect(inTime).toMatchObject({ ok: false });
  died = false;
  expect(await hydrated({ seq: 1 }, HOW, document)).toEqual({ ok: true, object: { id: 7 } });
});
