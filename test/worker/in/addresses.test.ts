// A request to an address that is spelt otherwise is taken, and one that misses it is found at the source that was meant; a flood of them is not.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { hmac, setUp } from "../kit/relay.ts";

setUp();

const BODY = '{"zen":"Keep it logically awesome."}';
const relayWith = () => front({ shop: { provider: "github" }, wrong: { provider: "githib" } }, { SHOP_SECRET: "s" });
const post = async (relay: ReturnType<typeof front>, path: string) =>
  relay.ask(path, {
    method: "POST",
    body: BODY,
    headers: { "x-hub-signature-256": `sha256=${await hmac("s", BODY)}`, "cf-connecting-ip": "192.0.2.7" },
  });

interface Shown {
  readonly refusals: { readonly code: string; readonly status: number; readonly advice: string }[];
}
const shown = async (relay: ReturnType<typeof front>, source = "shop") =>
  (await relay.api<Shown>(`/sources/${source}/refusals`)).refusals;

test.each([
  "/in/shop/",
  "/in/shop?x",
  "/in/shop/?x=1",
  "//in//shop",
  "/in//shop//",
  "/IN/Shop",
  "/in/SHOP",
  "/in/shop%20",
  "/v1/in/shop",
  "//V1/in/Shop/?x",
])("%s is taken", async (path) => {
  expect((await post(relayWith(), path)).status).toBe(200);
});

test.each(["/in/shpo", "/v1/in/shpo", "/v2/in/shop", "/webhooks/shop", "/in/shop/events", "/shop/"])(
  "%s is not, and leaves a trace",
  async (path) => {
    const relay = relayWith();
    expect((await post(relay, path)).status).toBe(404);
    const advice = `A request came to ${path}, which does not exist: the path of this source is /in/shop. Give the sender that one.`;
    expect(await shown(relay)).toMatchObject([{ code: "source_unknown", status: 404, advice }]);
  },
);

test("a source whose configuration is wrong is found too", async () => {
  const relay = relayWith();
  await post(relay, "/in/wrnog");
  expect(await shown(relay, "wrong")).toMatchObject([{ code: "source_unknown" }]);
});

test("whoever misses and whoever guesses hear the same", async () => {
  const relay = relayWith();
  const [slip, guess] = [await post(relay, "/in/shpo"), await post(relay, "/in/nobody")];
  expect([slip.status, await slip.text()]).toEqual([guess.status, await guess.text()]);
  expect([...slip.headers]).toEqual([...guess.headers]);
});

test("a flood of slips leaves a few traces, and other strangers none", async () => {
  const relay = relayWith();
  for (let i = 0; i < 20; i += 1) {
    expect((await post(relay, "/in/shpo")).status).toBe(404);
    expect((await post(relay, `/webhook/${i}`)).status).toBe(404);
  }
  const refusals = await shown(relay);
  expect(refusals.length).toBeGreaterThan(0);
  expect(refusals.length).toBeLessThanOrEqual(4);
});
