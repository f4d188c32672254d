// The page of alerts, in a browser: what is open with its fix, by keys and on a phone; what to write where nobody is told.
import type { Browser } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import { launch, open, PHONE } from "../kit/browser.ts";
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

test("what is open stands on top with its fix, is reached by keys, and is said on the overview", async () => {
  const { page, context } = await open(browser, { viewport: PHONE });
  await page.goto(`${fixture.url}/`);
  await page.getByRole("link", { name: "3 alerts are open" }).click();
  await page.waitForURL("**/alerts");
  const cards = page.locator("article");
  expect(await cards.count()).toBe(3);
  const billing = page.getByRole("article", { name: /The breaker of billing is open after 412 failures/ });
  expect(await billing.innerText()).toMatch(/Count\s+412[^]*Last status\s+503/);
  expect(await billing.locator("code[data-copy]").innerText()).toBe("hookline test billing");
  expect(await billing.getByRole("button", { name: "Copy the command" }).count()).toBe(1);
  const focused = () => page.evaluate("document.activeElement.closest('article, tr')?.innerText");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  expect(await focused()).toContain("61 deliveries to crm failed for good");
  for (const _ of "jj") await page.keyboard.press("j");
  expect(await focused()).toContain("Nothing has come from internal-erp-of-the-emea-region");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/destinations/billing");
  await page.goto(`${fixture.url}/alerts#rule-events-unrouted`);
  expect(await page.locator("#rule-events-unrouted").innerText()).toMatch(/muted/);
  expect(await page.locator("main").innerText()).not.toContain("[vars.ROUTES.alerts]");
  await context.close();
});

test("what is open renews itself, and keeps its buttons", async () => {
  const { page, context } = await open(browser);
  await page.goto(`${fixture.url}/alerts`);
  const title = page.locator("article h3", { hasText: "The breaker of billing" });
  expect(await title.innerText()).toContain("412 failures");
  await page.route("**/alerts", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replaceAll("412 failures", "413 failures") });
  });
  await page.evaluate("document.dispatchEvent(new CustomEvent('connected'))");
  await title.filter({ hasText: "413 failures" }).waitFor({ timeout: 60_000 });
  const billing = page.getByRole("article", { name: /The breaker of billing/ });
  expect(await billing.getByRole("button", { name: "Copy the command" }).count()).toBe(1);
  await context.close();
});

test("where nobody is told, the page has the three lines that have somebody told", async () => {
  const { page, context } = await open(browser, { extraHTTPHeaders: { "x-fixture": "empty" } });
  await page.goto(`${fixture.url}/alerts`);
  expect(await page.locator("code[data-copy]").innerText()).toBe(
    '[vars.ROUTES.alerts]\nfrom = "hookline"\nto = "NAME"',
  );
  expect(await page.locator("main").innerText()).toContain("Nothing is wrong");
  await page.goto(`${fixture.url}/`);
  expect(await page.locator("main").innerText()).not.toMatch(/alerts? (?:is|are) open/);
  await context.close();
});

test("a route that begins at hookline is drawn from a source that there is, which leads to the alerts", async () => {
  const { page, context } = await open(browser);
  await page.goto(`${fixture.url}/routes`);
  expect(await page.locator("svg.wide a[href='/alerts']").innerHTML()).toContain("hookline");
  expect(await page.locator("#route-alerts a[href='/alerts']").innerText()).toBe("hookline");
  expect(await page.locator("main a[href='/sources/hookline']").count()).toBe(0);
  await context.close();
});
