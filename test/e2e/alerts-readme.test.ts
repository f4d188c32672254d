// The README's three steps from an empty relay to a message in Slack, with its own lines and a receiver in the place of Slack.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import * as z from "zod";
import { startReceiver } from "../kit/receiver.ts";
import { Relay, root, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

test("an event to a destination that refuses everything is told to Slack, by the lines of the README", async () => {
  const section = readFileSync(join(root, "README.md"), "utf8").split("## Be told when something fails")[1] ?? "";
  const [, toml = ""] = /```toml\n([^]*?)```/.exec(section) ?? [];
  const { vars } = z.object({ vars: z.record(z.string(), z.json()) }).parse(parse(toml.replaceAll(/^ {3}/gm, "")));
  const receiver = await startReceiver((_, response) => response.writeHead(200).end("ok"));
  const more = { SLACK_URL: receiver.address("slack"), APP_SECRET: "the app's secret", LOOPBACK_DESTINATIONS: "true" };
  const relay = await Relay.start({ ...vars, ...more }, await stateFolder());

  const posted = await fetch(`${relay.url}/api/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` },
    body: JSON.stringify({ type: "trial.failed", data: {} }),
  });
  expect(posted.status).toBe(200);
  const [message] = await until("Slack is told", () => (receiver.arrivals.length > 0 ? receiver.arrivals : undefined));
  expect(JSON.parse(message?.body.toString() ?? "")).toEqual({
    text: expect.stringMatching(
      /^A delivery to broken failed for good \(gone\).*hookline replays start --destination broken$/,
    ),
  });
  // It is on record as told, and the page says so.
  await until("it is noted that it was told", async () => {
    const { alerts } = z
      .object({ alerts: z.array(z.object({ rule: z.string(), subject: z.string(), told: z.string() })) })
      .parse(await relay.api("/api/alerts?state=open"));
    return alerts.some(({ rule, told }) => rule === "delivery-failed" && told === "opened") ? true : undefined;
  });
  expect(await relay.api("/api/alerts")).toMatchObject({ routed: true });
});
