// A pause that not every Intake object has confirmed: the page says so, and how to pause again.
import { Hono } from "hono";
import { expect, test } from "vitest";
import { allows } from "../../../src/access/access.ts";
import { role } from "../../../src/contract/access.ts";
import type { PageEnv } from "../../../src/dashboard/page.tsx";
import { destinationPages } from "../../../src/dashboard/pages/destination.tsx";
import { fullOperator } from "../../kit/fixture.ts";
import { NOW } from "../../kit/fixture-words.ts";

const never = () => Promise.reject(new Error("unused"));
const access = { identify: never, signIn: never, signOut: never, sameOrigin: () => true, allows };
const now = () => Date.parse(NOW);
const app = new Hono<PageEnv>();
app.use(async (c, next) => {
  const as = role.parse(c.req.header("x-role") ?? "admin");
  c.set("caller", { actor: as, role: as, how: "session" });
  await next();
});
app.route("/", destinationPages({ operator: fullOperator(), access, now, newId: () => "0".repeat(32) }));

const ask = async (path: string, init: RequestInit = {}) => await app.request(path, init);
const pause = async (name: string) => {
  const body = new URLSearchParams({ once: "0".repeat(32) });
  const { status, headers: told } = await ask(`/destinations/${name}/pause`, { method: "POST", body });
  expect(status).toBe(303);
  return told.get("location") ?? "";
};
const text = async (path: string) => (await (await ask(path)).text()).replaceAll(/<[^>]*>|\s+/g, " ");
const AGAIN = 'action="/destinations/warehouse/pause"';

test("what was not confirmed is said beside a button that pauses again", async () => {
  const location = await pause("warehouse");
  expect(await text(location)).toContain("One Intake object has not confirmed the pause");
  expect(await (await ask(location)).text()).toContain(AGAIN);
  expect(await text(location)).not.toContain("Events for it are kept");
});

test("a pause that all have confirmed says nothing of it", async () => {
  const location = await pause("billing");
  expect(await text(location)).toContain("Paused. Its deliveries are held");
  expect(await text(location)).not.toContain("confirmed");
});

test("it is not said of a destination that is not paused, nor without a number, whatever the URL says", async () => {
  for (const path of [
    "/destinations/ledger?done=unconfirmed&n=1",
    "/destinations/warehouse?done=unconfirmed&n=0",
    "/destinations/warehouse?done=unconfirmed&n=<b>",
    "/destinations/warehouse",
  ]) {
    expect(await text(path)).not.toContain("confirmed");
    expect(await (await ask(path)).text()).not.toContain(AGAIN);
  }
  expect(await text("/destinations/warehouse?done=unconfirmed&n=3")).toContain("3 Intake objects have not confirmed");
  const looker = await ask("/destinations/warehouse?done=unconfirmed&n=3", { headers: { "x-role": "viewer" } });
  expect(await looker.text()).not.toContain(AGAIN);
});
