// The pages of what the relay is made of, in every state at once: legible on a desk and on a phone, to everybody, with scripts and without.
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, inject, test } from "vitest";
import * as z from "zod";
import { accessibilityFaults, DESK, launch, open, overflow, PHONE } from "../kit/browser.ts";
import { startFixture } from "../kit/fixture-pages.ts";

let browser: Browser;
let fixture: Awaited<ReturnType<typeof startFixture>>;

beforeAll(async () => {
  browser = await launch(inject("chromium"));
  fixture = await startFixture();
  return async () => {
    await browser.close();
    await fixture.stop();
  };
});

/** Which relay, and which of its pages. */
const PAGES = {
  full: [
    "/",
    "/?hours=1",
    "/?hours=168",
    "/sources",
    "/sources/stripe",
    "/sources/asana",
    "/sources/github",
    "/sources/legacy",
    "/destinations",
    "/destinations/billing",
    "/destinations/ci",
    "/destinations/warehouse",
    "/destinations/partner",
    "/destinations/orders-worker",
    "/destinations/jobs",
    "/destinations/lake",
    "/destinations/archive-of-everything-that-ever-happened-in-the-emea-region",
    "/routes",
    "/routes/try",
    "/routes/try?event=evt_1&route=payments",
    "/inspect/bin",
    "/inspect/bin?show=ins_2",
    "/inspect/bin?show=ins_3",
    "/alerts",
    "/alerts?cursor=nothing",
    "/archive",
    "/archive?source=stripe&since=yesterday",
    "/destinations/on-call",
    "/destinations/desk",
    "/costs",
    "/replays/new?rate=60",
    "/replays/new?rate=0",
    "/replays",
    "/replays/new?state=failed&since=2026-11-20T10%3A00",
    "/replays/new?since=yesterday&until=x",
    "/replays/rpl_running",
    "/replays/rpl_vague",
    "/replays/rpl_done",
    "/erasures",
    "/erasures/era_counted",
    "/erasures/era_deleting",
    "/erasures/era_cancelled",
    "/erasures/era_done",
    "/erasures/era_none",
    "/keys",
    "/keys/k1f9a2c/revoke",
    "/audit",
    "/destinations/nobody",
  ],
  empty: [
    "/",
    "/sources",
    "/destinations",
    "/routes",
    "/alerts",
    "/archive",
    "/costs",
    "/inspect/bin",
    "/replays",
    "/replays/new",
    "/erasures",
    "/keys",
    "/audit",
  ],
  wide: ["/", "/routes", "/sources"],
};

/** Nothing answers at /api/live here, and what is not there is said so. */
const expected = (complaint: string) => /WebSocket|status of 400/.test(complaint);

const VIEWS = [
  { name: "on a desk, light", viewport: DESK, colorScheme: "light" },
  { name: "on a phone, dark", viewport: PHONE, colorScheme: "dark" },
] as const;

describe.each(VIEWS)("$name", ({ viewport, colorScheme }) => {
  test.each(Object.entries(PAGES))(
    "every page of the %s relay is accessible and no wider than its window",
    async (name, paths) => {
      const headers = { "x-fixture": name };
      const { page, context, complaints } = await open(browser, { viewport, colorScheme, extraHTTPHeaders: headers });
      const faults: Record<string, unknown> = {};
      for (const path of paths) {
        await page.goto(fixture.url + path);
        const found = { axe: await accessibilityFaults(page), overflow: await overflow(page) };
        if (found.axe.length > 0 || found.overflow > 0) faults[path] = found;
      }
      await context.close();
      expect(faults).toEqual({});
      expect(complaints.filter((one) => !expected(one))).toEqual([]);
    },
    600_000,
  );
});

test.each([
  ["at 1280 pixels", { width: 1_280, height: 800 }],
  ["on a phone", PHONE],
] as const)(
  "the audit is readable %s: words instead of JSON, and no cell squeezed into a tower of letters",
  async (_, viewport) => {
    const { page, context } = await open(browser, { viewport });
    await page.goto(`${fixture.url}/audit`);
    const cells = z
      .array(z.object({ text: z.string(), width: z.number(), lines: z.number() }))
      .parse(await page.evaluate(CELLS));
    expect(cells.length).toBeGreaterThan(20);
    expect(cells.filter(({ text }) => text.includes('{"'))).toEqual([]);
    expect(cells.filter(({ text, lines }) => lines > Math.max(4, text.length / 8))).toEqual([]);
    expect(cells.filter(({ text, width }) => text.length > 16 && width < 100)).toEqual([]);
    expect(await page.locator("main").innerText()).toContain("sign-in refused");
    expect(await overflow(page)).toBe(0);
    await context.close();
  },
);

test("a stranger's text stays text on every page", async () => {
  const { page, context } = await open(browser);
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  for (const path of PAGES.full) {
    await page.goto(fixture.url + path);
    // Nothing but the relay's own scripts, no element that the text opened, and no mark of direction that would turn its neighbours.
    expect(await page.locator("script:not([src])").count(), path).toBe(0);
    expect(await page.locator("[onload]").count(), path).toBe(0);
    expect(await page.locator("body").innerText(), path).not.toMatch(/[\u202A-\u202E]/);
  }
  await page.goto(`${fixture.url}/inspect/bin`);
  await expect.poll(() => page.locator("pre.body").innerText()).toContain("<script>alert(1)</script>");
  expect(dialogs).toEqual([]);
  await context.close();
});

/** What stands in each cell, how wide it is, in pixels, and in how many lines it stands. */
const CELLS = `[...document.querySelectorAll("tbody td")].map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top / 8)));
  return { text: cell.innerText, width: cell.clientWidth, lines: tops.size };
})`;

/** How many colours each plot has: a line that is drawn has many, for its edges. */
const SHADES = `[...document.querySelectorAll("figure.plot canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})`;

test("the plots are drawn, in the colours of the scheme", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, context, complaints } = await open(browser, { colorScheme });
    await page.goto(`${fixture.url}/`);
    await page.locator("figure.plot canvas").nth(1).waitFor();
    const shades = z.array(z.number()).parse(await page.evaluate(SHADES));
    expect(shades).toHaveLength(2);
    expect(Math.min(...shades)).toBeGreaterThan(10);
    expect(complaints.filter((one) => !expected(one))).toEqual([]);
    await context.close();
  }
});

test("without scripts the overview draws the same counts by itself", async () => {
  const { page, context } = await open(browser, { javaScriptEnabled: false });
  await page.goto(`${fixture.url}/`);
  expect(await page.locator("figure.plot .canvas path.line").count()).toBe(5);
  await page.getByText("The same in numbers").click();
  expect(await page.getByRole("region", { name: "Counts over time" }).getByRole("row").count()).toBe(97);
  await context.close();
});

test("who may only look is shown no button, and is refused what a button would do", async () => {
  const { page, context } = await open(browser, { extraHTTPHeaders: { "x-role": "viewer" } });
  for (const path of ["/destinations/billing", "/inspect/bin", "/replays", "/replays/rpl_running", "/sources/asana"]) {
    await page.goto(fixture.url + path);
    expect(await page.locator("main form[method=post]").count(), path).toBe(0);
  }
  const refused: string[] = [];
  for (const path of [
    "/destinations/billing/pause",
    "/destinations/billing/resume",
    "/destinations/billing/test",
    "/inspect/bin/script",
    "/replays",
    "/replays/rpl_running/cancel",
    "/erasures",
    "/erasures/era_counted/confirm",
    "/keys",
    "/keys/k1f9a2c/revoke",
    "/sources/asana/offers",
  ]) {
    const answer = await page.request.post(fixture.url + path, { form: { once: "0".repeat(32) } });
    if (answer.status() === 403) refused.push(path);
  }
  expect(refused).toHaveLength(11);
  for (const path of [
    "/keys",
    "/audit",
    "/keys/k1f9a2c/revoke",
    "/replays/new",
    "/erasures",
    "/erasures/era_counted",
  ]) {
    expect((await page.request.get(fixture.url + path)).status(), path).toBe(403);
  }
  await context.close();
});

test("what was handed over and what a test answered are shown as the answer to the button", async () => {
  const { page, context } = await open(browser, { javaScriptEnabled: false });
  await page.goto(`${fixture.url}/sources/asana`);
  await page.getByText("Show the secret", { exact: true }).click();
  await page.getByRole("button", { name: "Yes, show the secret" }).click();
  expect(await page.locator("main").innerText()).toContain("offered-secret-of-asana");
  await page.goto(`${fixture.url}/destinations/billing`);
  await page.getByRole("button", { name: "Send a test" }).click();
  expect(await page.locator("main").innerText()).toContain("to be tried again");
  expect(await page.locator("main pre").innerText()).toContain("<script>alert(1)</script>");
  await context.close();
});

test("what a page turns into when something is done on it is accessible too", async () => {
  const { page, context } = await open(browser, { viewport: PHONE });
  const faults: Record<string, unknown> = {};
  const look = async (name: string) => {
    const found = { axe: await accessibilityFaults(page), overflow: await overflow(page) };
    if (found.axe.length > 0 || found.overflow > 0) faults[name] = found;
  };
  await page.goto(`${fixture.url}/destinations/billing`);
  await page.getByText("Pause", { exact: true }).click();
  await look("a question that is open");
  await page.getByRole("button", { name: "Send a test" }).click();
  await look("the answer to a test");
  await page.goto(`${fixture.url}/destinations/warehouse?done=unconfirmed&n=1`);
  expect(await page.getByRole("status").innerText()).toContain("One Intake object has not confirmed the pause.");
  await look("a pause that is not confirmed");
  await page.getByRole("button", { name: "Pause again" }).click();
  await look("the same after another try");
  await page.goto(`${fixture.url}/inspect/bin`);
  await page.getByLabel("Another script").fill("broken");
  await page.getByRole("button", { name: "Use this script" }).click();
  await look("a script that was not understood");
  await page.getByLabel("Another script").fill("200");
  await page.getByRole("button", { name: "Use this script" }).click();
  await look("a flash");
  await page.goto(`${fixture.url}/replays/new?state=failed`);
  await page.getByRole("button", { name: /^Replay .*failed$/ }).click();
  await look("a replay that runs");
  await page.goto(`${fixture.url}/keys`);
  await page.getByLabel("Name").fill("   ");
  await page.getByRole("button", { name: "Create the key" }).click();
  await look("a key without a name");
  await page.getByLabel("Name").fill("grafana");
  await page.getByRole("button", { name: "Create the key" }).click();
  await look("a new key");
  await context.close();
  expect(faults).toEqual({});
});
