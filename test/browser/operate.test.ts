// What one does on the pages, over a real relay and mostly without scripts: pause, resume, test, inspect, replay, give out keys.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import { launch, open, PHONE, signIn } from "../kit/browser.ts";
import { type Pages, startPages } from "../kit/pages-relay.ts";

let browser: Browser;
let relay: Pages;

beforeAll(async () => {
  browser = await launch(inject("chromium"));
  relay = await startPages();
  return async () => {
    await browser.close();
    await relay.stop();
  };
});

/** How long something that another part of the relay does may take, in ms. */
const PATIENCE = { timeout: 60_000, interval: 500 };
const OFF = { javaScriptEnabled: false };

/** A page of somebody who is signed in; what went wrong on it is looked at when `then` has ended. */
async function asAdmin(options: BrowserContextOptions, then: (page: Page) => Promise<void>): Promise<void> {
  const { page, context, complaints } = await open(browser, options);
  await signIn(page, relay.url);
  await then(page);
  await context.close();
  expect(complaints).toEqual([]);
}

const main = (page: Page) => page.locator("main").innerText();

/** Loads the page until it says so. */
async function untilItSays(page: Page, path: string, text: string | RegExp): Promise<void> {
  await expect
    .poll(async () => {
      await page.goto(relay.url + path);
      return await main(page);
    }, PATIENCE)
    .toMatch(text);
}

test("a destination that is paused holds what comes, and lets it go when it is resumed", async () => {
  await asAdmin(OFF, async (page) => {
    await page.goto(`${relay.url}/destinations/billing`);
    await page.getByText("Pause", { exact: true }).click();
    await page.getByRole("button", { name: "Yes, pause" }).click();
    expect(await main(page)).toContain("Paused. Its deliveries are held");
    expect(await main(page)).toMatch(/Paused (just now|\d+ m?s ago) by admin/);

    const event = await relay.post('{"paid":true}', "order.paid");
    await untilItSays(page, "/destinations/billing", /Held\s+1/);
    await page.getByRole("button", { name: "Resume, 1 held" }).click();
    expect(await main(page)).toContain("Resumed. The held deliveries are on their way.");
    await relay.settled(event, "delivered");
  });
});

test("a test says what the destination answered", async () => {
  await asAdmin(OFF, async (page) => {
    await page.goto(`${relay.url}/destinations/billing`);
    await page.getByRole("button", { name: "Send a test" }).click();
    expect(await main(page)).toContain("An event would have been delivered.");
    expect(await main(page)).toContain('{"ok":true}');
    await page.goto(`${relay.url}/destinations/crm`);
    await page.getByRole("button", { name: "Send a test" }).click();
    expect(await main(page)).toContain("be tried again by the schedule");
    expect(await main(page)).toContain("<h1>down for maintenance</h1>");
  });
});

test("an inspector shows what arrives and answers by the script that it is given", async () => {
  await asAdmin(OFF, async (page) => {
    await page.goto(`${relay.url}/inspect/bin`);
    await page.getByLabel("Another script").fill("teapot");
    await page.getByRole("button", { name: "Use this script" }).click();
    expect(await page.getByLabel("Another script").getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator("#script-fault").innerText()).toContain("teapot");

    await page.getByLabel("Another script").fill("503, 200");
    await page.getByRole("button", { name: "Use this script" }).click();
    expect(await main(page)).toContain("It answers 503, 200");
    const event = await relay.post('{"seen":12345678901234567890}', "order.seen");
    await relay.settled(event, "delivered");
    await untilItSays(page, "/inspect/bin", /attempt 2/);
    expect(await main(page)).toMatch(/attempt 2 · answered 200[^]*attempt 1 · answered 503/);
    expect(await main(page)).toContain("proven");
    expect(await page.locator("pre.body").innerText()).toContain("12345678901234567890");

    await page.getByRole("button", { name: "As configured" }).click();
    expect(await main(page)).toContain("It answers ok");
  });
});

test("a bulk replay is counted first, is started, and tells how far it has come", async () => {
  const event = await relay.post('{"gone":true}', "order.gone");
  await relay.settled(event, "failed");
  await asAdmin(OFF, async (page) => {
    await page.goto(`${relay.url}/replays`);
    await page.getByLabel("Destination").selectOption("gone");
    await page.getByRole("button", { name: "Preview" }).click();
    await untilItSays(page, new URL(page.url()).pathname + new URL(page.url()).search, "1 delivery matches");
    await page.getByLabel("Deliveries a minute").fill("7000");
    expect(await page.locator("#rate:invalid").count()).toBe(1);
    await page.getByLabel("Deliveries a minute").fill("6000");
    await page.getByRole("button", { name: "Replay 1 failed" }).click();
    expect(await main(page)).toContain("The bulk replay runs.");
    await untilItSays(page, new URL(page.url()).pathname, /done[^]*1 of 1 replayed/);
    expect(await main(page)).toContain("failed, to gone");
    await untilItSays(page, "/audit", /admin[^]*gone/);
  });
});

test("an admin edits a body and sends it as a new event, by keyboard and without scripts; each of the two names the other", async () => {
  const id = await relay.post('{"amount":1,"note":"</textarea>ünïcode"}', "order.paid");
  await relay.settled(id, "delivered");
  let made = "";
  await asAdmin({ ...OFF, viewport: PHONE }, async (page) => {
    await page.goto(`${relay.url}/events/${id}`);
    await page.getByRole("link", { name: "Edit and replay" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/events/${id}/edit`);
    const text = page.getByLabel("Body");
    expect(await text.inputValue()).toBe('{\n  "amount": 1,\n  "note": "</textarea>ünïcode"\n}');
    expect(await page.getByLabel("Destination").inputValue()).toBe("billing");
    await page.getByLabel("Destination").selectOption("spare");
    await text.fill(`${"x".repeat(256 * 1024)}\ny`);
    await page.getByRole("button", { name: "Send the edited event" }).click();
    expect(await page.getByRole("alert").innerText()).toContain("262146 bytes, and an edited one may have 262144");
    // What was written is still there, and so is the choice.
    expect(await page.getByLabel("Destination").inputValue()).toBe("spare");
    expect((await text.inputValue()).length).toBe(256 * 1024 + 2);
    await text.fill('\n{"amount": 2,\n"note": "edited"}');
    await page.getByRole("button", { name: "Send the edited event" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/events/evt_*?done=sent");
    made = new URL(page.url()).pathname.split("/")[2] ?? "";
    expect(made).not.toBe(id);
    expect(await page.getByRole("link", { name: id }).innerText()).toBe(id);
    expect(await page.locator("dl.facts").innerText()).toContain("not by its sender: an operator has edited its body");
    await page.getByRole("region", { name: /^spare/ }).waitFor();
  });
  await relay.settled(made, "delivered");
  // A browser writes line breaks of its own kind.
  expect(await relay.api(`/api/events/${made}`)).toMatchObject({
    body: '\n{"amount": 2,\n"note": "edited"}',
    edited_from: id,
    edited_as: [],
  });
  await asAdmin(OFF, async (page) => {
    await page.goto(relay.url + `/events/${id}`);
    expect(await page.locator("dl.facts").innerText()).toContain(`${made} for spare`);
  });
});

test("of what is no text the page says how the command line edits it", async () => {
  const id = await relay.post(Uint8Array.of(0, 255, 128), "order.paid");
  await asAdmin(OFF, async (page) => {
    await page.goto(relay.url + `/events/${id}/edit`);
    expect(await page.locator("form textarea").count()).toBe(0);
    expect(await main(page)).toContain(`hookline edit ${id} --to billing --body body.bin`);
  });
});

test("a key is shown once, opens what its role may, and closes when it is revoked", async () => {
  await asAdmin(OFF, async (page) => {
    await page.goto(`${relay.url}/keys`);
    await page.getByLabel("Name").fill("the <b>night</b> shift");
    await page.getByRole("button", { name: "Create the key" }).click();
    expect(await page.getByRole("alert").innerText()).toContain("letters, digits");
    await page.getByLabel("Name").fill("the night shift");
    await page.getByRole("button", { name: "Create the key" }).click();
    const secret = await page.locator("[data-label=key]").innerText();
    expect(secret).toMatch(/^hlk_/);
    await page.goto(`${relay.url}/keys`);
    expect(await page.content()).not.toContain(secret);
    expect(await main(page)).toContain("the night shift");

    const { page: other, context } = await open(browser, OFF);
    await signIn(other, relay.url, secret);
    await other.goto(`${relay.url}/destinations/billing`);
    expect(await other.locator("main form").count()).toBe(0);
    await other.goto(`${relay.url}/keys`);
    expect(await main(other)).toContain("This takes the role admin");

    await page.getByRole("link", { name: /^Revoke/ }).click();
    await page.getByRole("button", { name: "Revoke this key" }).click();
    expect(await main(page)).toContain("The key is revoked");
    await other.goto(`${relay.url}/destinations`);
    expect(other.url()).toContain("/signin");
    await context.close();
  });
});

test("the overview counts an event while one looks at it", async () => {
  await asAdmin({}, async (page) => {
    await page.goto(`${relay.url}/?hours=1`);
    await page.locator(".pill.live").waitFor();
    const accepted = page.locator('[data-total="accepted"]');
    const before = Number(await accepted.innerText());
    await relay.post('{"live":true}', "order.paid");
    await expect.poll(async () => Number(await accepted.innerText()), PATIENCE).toBeGreaterThan(before);
  });
});

test("an inspector's page shows what arrives while one looks at it", async () => {
  await asAdmin({}, async (page) => {
    await page.goto(`${relay.url}/inspect/bin`);
    await page.locator(".pill.live").waitFor();
    const event = await relay.post('{"live":"seen"}', "order.seen");
    await page.getByRole("link", { name: event }).first().waitFor();
  });
});
