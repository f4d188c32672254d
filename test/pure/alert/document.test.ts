// What docs/alerts.md and the README show of alerts: the rules are those that there are, and each block makes of a real
// notice what the service behind it documents.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { noticeOf, type Told } from "../../../src/alert/notice.ts";
import { RULES } from "../../../src/alert/rules.ts";
import { examine } from "../../../src/cli/local/examine.ts";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { OWN } from "../../../src/config/own.ts";
import { NOTICE_TYPES } from "../../../src/contract/alerts.ts";
import { namesOf } from "../../../src/filter/names.ts";
import { match } from "../../../src/in/route.ts";
import { openReshape } from "../../../src/in/transformed.ts";
import { shape } from "../../../src/out/shape.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const page = read("docs/alerts.md");

/** The blocks of a language below a heading, without the indentation of a list. */
function blocks(text: string, heading: string, language: string): string[] {
  const section = text.split(new RegExp(`^#+ ${heading}$`, "m"))[1]?.split(/^#+ (?=[A-Z])/m)[0] ?? "";
  return [...section.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, "gm"))].map(
    ([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

const SECRETS = {
  SIGNING_KEY: "k".repeat(44),
  ADMIN_TOKEN: "t".repeat(44),
  APP_SECRET: "the app's",
  SLACK_URL: "https://hooks.slack.com/services/T0/B0/x",
  DISCORD_URL: "https://discord.com/api/webhooks/1/x",
  TEAMS_URL: "https://prod-1.westeurope.logic.azure.com/workflows/x",
  PAGERDUTY_KEY: "e93facc04764012d7bfb002500d5d1a6",
};

const SINCE = Date.parse("2026-11-29T14:06:00Z");
const told = (rule: string, subject: string, context: object, count = 3): Told => {
  return { rule, subject, since: SINCE, count, context: JSON.stringify(context) };
};
const FAILED = told("delivery-failed", "crm", {
  reason: "exhausted",
  event: "evt_0123456789abcdef0123456789abcdef",
  last_status: 503,
});
const ID = "alert_0123456789abcdef0123456789abcdef";
const ORIGIN = "https://relay.example.com";
const AT = SINCE + 12_000;

const anOpen = (n: number) => told("breaker-open", `a-destination-of-the-emea-region-${n}`, { last_fault: "timeout" });

const noticed = (alerts: readonly [Told, ...Told[]], origin: string | null = ORIGIN) =>
  noticeOf(alerts, { id: ID, key: ID, endedAt: null, now: AT, origin });

/** With and without links, one and many, what begins and what is over, short and long, with what would be markup. */
const NOTICES = [
  noticed([FAILED]),
  noticeOf([FAILED], { id: `${ID}-2`, key: ID, endedAt: AT + 3_600_000, now: AT + 3_600_000, origin: ORIGIN }),
  noticed(
    [
      told("refusals-spiking", "stripe", {
        reason: "signature_mismatch",
        accepted: 1,
        code: "x",
        advice: `<!channel> & "${"x".repeat(3_000)}`,
      }),
    ],
    null,
  ),
  noticed([anOpen(0), ...Array.from({ length: 40 }, (_, n) => anOpen(n + 1))]),
  ...RULES.map(({ name }) =>
    noticeOf([told(name, "x".repeat(63), {})], { id: ID, key: ID, endedAt: AT, now: AT, origin: ORIGIN }),
  ),
] as const;

/** What a configuration sends of a notice: headers and body, or nothing where its route does not want it. */
async function sent(toml: string, notice: (typeof NOTICES)[number]) {
  const config = readConfig({ ...table(parse(toml)["vars"]), ...SECRETS });
  const head = {
    id: "evt_1",
    source: OWN.name,
    type: notice.type,
    receivedAt: AT,
    headers: { "content-type": "application/json" },
  };
  const { matched, undecided } = match(
    config.routes,
    OWN.name,
    [notice.type],
    namesOf(head, () => notice),
  );
  expect(undecided).toEqual([]);
  const [first] = matched;
  const destination = config.destinations.get(first?.destination ?? "");
  if (first === undefined || destination === undefined) return null;
  const body = new TextEncoder().encode(JSON.stringify(notice));
  const way = { route: first.route, transform: config.routes.some(({ transform }) => transform !== undefined) ? 1 : 0 };
  const made = (await openReshape(config)(head, destination, way, body)) ?? { ok: true, event: head, body };
  if (!made.ok) throw new Error(made.error);
  const request = await shape(made.event, destination, 1, made.body, AT);
  return {
    url: destination.shape?.url ?? destination.url,
    headers: request.headers,
    body: z.json().parse(JSON.parse(new TextDecoder().decode(request.body))),
  };
}

/** What Slack shows as it was meant: https://docs.slack.dev/messaging/formatting-message-text#escaping, 40,000 characters at most. */
const slackText = z
  .string()
  .min(1)
  .max(40_000)
  .refine((text) => !/<(?!https?:)|&(?!amp;|lt;|gt;)/.test(text), "not escaped");

/** Heading of the block, and what the service documents. */
const SERVICES: Readonly<Record<string, z.ZodType>> = {
  // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
  Slack: z.strictObject({ text: slackText }),
  // https://developer.pagerduty.com/docs/send-alert-event
  PagerDuty: z.strictObject({
    routing_key: z.string().length(32),
    event_action: z.enum(["trigger", "acknowledge", "resolve"]),
    dedup_key: z.string().min(1).max(255),
    payload: z.strictObject({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(["critical", "error", "warning", "info"]),
      timestamp: z.iso.datetime().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
    client: z.string().optional(),
    client_url: z.url().optional(),
    links: z.array(z.strictObject({ href: z.url(), text: z.string().optional() })).optional(),
    images: z.array(z.strictObject({ src: z.url(), href: z.url().optional(), alt: z.string().optional() })).optional(),
  }),
  // https://discord.com/developers/docs/resources/webhook#execute-webhook
  Discord: z.strictObject({
    content: z.string().min(1).max(2000),
    allowed_mentions: z.strictObject({ parse: z.array(z.enum(["roles", "users", "everyone"])) }).optional(),
  }),
  // https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
  "Microsoft Teams": z.strictObject({
    type: z.literal("message"),
    attachments: z.tuple([
      z.strictObject({
        contentType: z.literal("application/vnd.microsoft.card.adaptive"),
        contentUrl: z.null().optional(),
        // https://adaptivecards.io/explorer/AdaptiveCard.html
        content: z.strictObject({
          $schema: z.literal("http://adaptivecards.io/schemas/adaptive-card.json"),
          type: z.literal("AdaptiveCard"),
          version: z.enum(["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]),
          body: z.array(
            z.strictObject({
              type: z.literal("TextBlock"),
              text: z.string().min(1),
              wrap: z.boolean().optional(),
              weight: z.enum(["Lighter", "Default", "Bolder"]).optional(),
            }),
          ),
        }),
      }),
    ]),
  }),
  // https://developers.cloudflare.com/email-service/api/send-emails/workers-api/
  "E-mail": z.strictObject({
    from: z.union([z.email(), z.strictObject({ email: z.email(), name: z.string() })]),
    to: z.union([z.email(), z.array(z.email()).min(1).max(50)]),
    subject: z
      .string()
      .min(1)
      .refine((text) => !/[\r\n]/.test(text)),
    text: z.string().min(1),
  }),
};

describe("the page", () => {
  test("has every rule as it is, and no other", () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (\w+) +\| (\w+) +\| (.*?) +\|$/gm)].map((row) => row.slice(1));
    expect(rows).toEqual(RULES.map(({ name, severity, of, says }) => [name, severity, of, says]));
  });

  test("shows a notice as it is sent, and names its types and its members", () => {
    const [sample = ""] = blocks(page, "The notice", "json");
    expect(JSON.parse(sample)).toEqual(JSON.parse(JSON.stringify(NOTICES[0])));
    for (const type of NOTICE_TYPES) expect(page).toContain(`\`${type}\``);
    for (const name of Object.keys(NOTICES[0].data)) expect(page).toMatch(new RegExp(`data\\.${name}\\b|"${name}":`));
  });

  test("has a block for each service, and a test of each block", () => {
    const headings = [...(page.split("## Where to send it")[1] ?? "").matchAll(/^### (.*)$/gm)].map(([, one]) => one);
    expect(headings).toEqual([...Object.keys(SERVICES), "Anything else"]);
  });

  test("its three lines, and its table of ALERTS, are what a deploy would take", () => {
    const [lines = ""] = blocks(page, "Alerts", "toml");
    expect(lines.trim().split("\n")).toHaveLength(3);
    const base = `[vars.SOURCES.app]\nprovider = "bearer"\n[vars.DESTINATIONS.chat]\nurl = "https://chat.example.com/"\n[vars.ROUTES.all]\nfrom = "app"\nto = "chat"\n`;
    const [alerts = ""] = blocks(page, "Rules", "toml");
    expect(examine(parse(base + lines.replace("NAME", "chat") + alerts)).vars).toEqual([]);
  });
});

describe.each([...Object.entries(SERVICES), ["Anything else", null] as const])("%s", (heading, documented) => {
  const [toml = ""] = blocks(page, heading, "toml");

  test("a deploy takes the block, and asks for its secrets", () => {
    expect(examine(parse(toml)).vars).toEqual([]);
    const { findings, missing } = readConfig({
      ...table(parse(toml)["vars"]),
      SIGNING_KEY: SECRETS.SIGNING_KEY,
      ADMIN_TOKEN: SECRETS.ADMIN_TOKEN,
    });
    expect(findings.filter(({ level }) => level === "error")).toEqual([]);
    const section = page.slice(page.indexOf(`### ${heading}`));
    for (const name of missing) expect(section.replaceAll(/\s+/g, " ")).toMatch(new RegExp(`secret \`${name}\``));
  });

  test("what it makes of every notice is in the documented form", async () => {
    let made = 0;
    for (const notice of NOTICES) {
      const request = await sent(toml, notice);
      if (request === null) continue;
      made += 1;
      expect(request.headers["content-type"]).toBe("application/json");
      if (documented === null) expect(request.body).toEqual(JSON.parse(JSON.stringify(notice)));
      else expect(documented.safeParse(request.body).error).toBeUndefined();
    }
    expect(made).toBeGreaterThan(5);
  });
});

test("PagerDuty gets its key inside the body, is told only of what is critical, and what is over resolves what began", async () => {
  const [toml = ""] = blocks(page, "PagerDuty", "toml");
  const [opened, ended, warning] = [
    await sent(toml, NOTICES[0]),
    await sent(toml, NOTICES[1]),
    await sent(toml, NOTICES[2]),
  ];
  expect(opened?.url).toBe("https://events.pagerduty.com/v2/enqueue");
  expect(opened?.body).toMatchObject({
    routing_key: SECRETS.PAGERDUTY_KEY,
    event_action: "trigger",
    dedup_key: ID,
    payload: {
      summary: "3 deliveries to crm failed for good (exhausted), last answer 503",
      source: "crm",
      severity: "critical",
    },
  });
  expect(ended?.body).toMatchObject({ event_action: "resolve", dedup_key: ID });
  expect(warning).toBeNull();
});

test("Slack and the mail say by their first words whether it begins or is over", async () => {
  const [slack = "", mail = ""] = [blocks(page, "Slack", "toml")[0], blocks(page, "E-mail", "toml")[0]];
  expect((await sent(slack, NOTICES[0]))?.body).toEqual({
    text: expect.stringMatching(/^:rotating_light: 3 deliveries to crm failed/),
  });
  expect((await sent(slack, NOTICES[1]))?.body).toEqual({
    text: expect.stringMatching(/^:white_check_mark: Over after/),
  });
  expect((await sent(slack, NOTICES[2]))?.body).toEqual({
    text: expect.stringMatching(/^:warning: .*&lt;!channel&gt; &amp; /),
  });
  expect((await sent(mail, NOTICES[1]))?.body).toMatchObject({
    subject: expect.stringMatching(/^Over: 3 deliveries to crm/),
  });
});

test("the README leads from an empty relay to Slack in three steps, with what a deploy would take", async () => {
  const readme = read("README.md");
  const section = readme.split("## Be told when something fails")[1]?.split("\n## ")[0] ?? "";
  expect([...section.matchAll(/^(\d)\. /gm)].map(([, n]) => n)).toEqual(["1", "2", "3"]);
  const [toml = ""] = blocks(readme, "Be told when something fails", "toml");
  expect(examine(parse(toml)).vars).toEqual([]);
  const { missing } = readConfig({ ...table(parse(toml)["vars"]) });
  for (const name of missing) expect(section).toContain(name);
  for (const notice of NOTICES)
    expect((await sent(toml, notice))?.body).toEqual({
      text: expect.stringContaining(z.object({ title: z.string() }).parse(notice.data).title),
    });
});
