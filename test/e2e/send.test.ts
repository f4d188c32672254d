// `hookline send` at a running relay: genuine requests are accepted, the others are not, and it says so by its exit code.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { hookline } from "../../src/cli/hookline.ts";
import { startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";

const answer = z.object({
  ok: z.boolean().optional(),
  error: z.string().optional(),
  sent: z.number().optional(),
  accepted: z.number().optional(),
  requests: z
    .array(z.object({ status: z.number(), event: z.string().nullable(), kind: z.string().nullable() }))
    .default([]),
});

/** The command's exit code and what it says as JSON. */
async function send(...args: string[]) {
  const out: string[] = [];
  const code = await hookline(["send", ...args, "--json"], { out: (line) => out.push(line), err: () => {} });
  return { code, ...answer.parse(JSON.parse(out.join(""))) };
}

test("what a sender sends is accepted, and what it did not send is refused", async () => {
  const receiver = await startReceiver((_, response) => response.writeHead(200).end());
  const vars = relayVars({ all: { url: receiver.address("all") } });
  const secrets = {
    GITHUB_SECRET: "the secret of github, long enough",
    STRIPE_SECRET: "whsec_of_stripe_long_enough_for_it",
  };
  const sources = { github: { provider: "github" }, stripe: { provider: "stripe" } };
  const routes = { all: { from: ["github", "stripe"], to: ["all"] } };
  const relay = await Relay.start({ ...vars, ...secrets, SOURCES: sources, ROUTES: routes }, await stateFolder());
  const config = join(await stateFolder(), "wrangler.toml");
  await writeFile(
    config,
    '[vars.SOURCES.github]\nprovider = "github"\n[vars.SOURCES.stripe]\nprovider = "stripe"\n[vars.DESTINATIONS.all]\nurl = "https://example.com/"\n[vars.ROUTES.all]\nfrom = ["github", "stripe"]\nto = "all"\n',
  );
  vi.stubEnv("HOOKLINE_URL", relay.url);
  for (const [name, value] of Object.entries(secrets)) vi.stubEnv(name, value);
  const at = ["--config", config];

  const push = await send("github", "push", ...at);
  expect(push).toMatchObject({ code: 0, ok: true, requests: [{ status: 200, kind: "accepted" }] });
  const again = await send("github", "issues.opened", "--twice", ...at);
  expect(again).toMatchObject({ code: 0, requests: [{ kind: "accepted" }, { kind: "duplicate" }] });
  expect(await send("stripe", "invoice.paid", "--forge", ...at)).toMatchObject({
    code: 0,
    requests: [{ status: 401, event: null }],
  });
  expect(await send("stripe", "invoice.paid", "--stale", ...at)).toMatchObject({
    code: 0,
    requests: [{ status: 401, event: null }],
  });
  expect(await send("github", "push", "--stale", ...at)).toMatchObject({
    code: 1,
    error: expect.stringContaining("when they were signed"),
  });
  expect(await send("github", "nothing", ...at)).toMatchObject({
    code: 1,
    error: expect.stringContaining("pull_request"),
  });
  expect(await send("stripe", "--rate", "20/s", "--for", "1s", ...at)).toMatchObject({
    code: 0,
    sent: 20,
    accepted: 20,
  });

  vi.stubEnv("STRIPE_SECRET", "whsec_another_one_that_the_relay_lacks");
  expect(await send("stripe", ...at)).toMatchObject({
    code: 1,
    error: expect.stringContaining("same secret"),
    requests: [{ status: 401 }],
  });
  await until("all of it has arrived", () => receiver.to("all").length === 22 || undefined);
});

test.each([
  [["shopify"], "has no source of shopify"],
  [["shopfy"], "shopify"],
  [["github", "--forge", "--twice"], "only one"],
  [["github", "--rate", "many"], "50/s"],
  [["github", "--to", "nowhere", "--secret-file", "package.json"], "is no URL"],
])("send %j sends nothing and says why", async (args, why) => {
  expect(await send(...args)).toMatchObject({ code: 1, error: expect.stringContaining(why) });
});

test("a relay that is not there is named as such", async () => {
  vi.stubEnv("GITHUB_SECRET", "the secret of github, long enough");
  const said = await send("github", "--to", "http://127.0.0.1:9/in/github", "--secret-file", "package.json");
  expect(said).toMatchObject({ code: 1, error: expect.stringContaining("nobody answers"), requests: [{ status: 0 }] });
});
