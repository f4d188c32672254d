// Thin events, and transforms that are tried, on the pages of a real relay: read, and filled in by keyboard alone.
import type { Browser, Page } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import { accessibilityFaults, DESK, launch, open, overflow, PHONE, type SignedIn, signedIn } from "../kit/browser.ts";
import { type Pages, startPages } from "../kit/pages-relay.ts";

let relay: Pages;
let browser: Browser;
let storageState: SignedIn;
const ids: Record<string, string> = {};

beforeAll(async () => {
  browser = await launch(inject("chromium"));
  relay = await startPages();
  storageState = await signedIn(browser, relay.url);
  await relay.post("{}", "user.renamed");
  ids["thing"] = await relay.post('{"object":"/things/1"}', "thing.made");
  ids["thingless"] = await relay.post('{"object":"/things/none"}', "thing.lost");
  await relay.settled(ids["thing"] ?? "", "delivered");
  await relay.settled(ids["thingless"] ?? "", "failed");
  return async () => {
    await browser.close();
    await relay.stop();
  };
});

async function onPage(
  path: string,
  look: (page: Page) => Promise<void>,
  options: Parameters<typeof open>[1] = {},
): Promise<void> {
  const { page, context, complaints } = await open(browser, { ...options, storageState });
  await page.goto(relay.url + path);
  await look(page);
  await context.close();
  expect(complaints).toEqual([]);
}

const legible = async (page: Page) => expect([await accessibilityFaults(page), await overflow(page)]).toEqual([[], 0]);

const LOOKS = [
  ["a desk", { viewport: DESK }],
  ["a phone", { viewport: PHONE, isMobile: true, hasTouch: true }],
] as const;

test.each(LOOKS)("on %s what a thin event names stands beside its body, or why it was not fetched", async (_, how) => {
  await onPage(
    `/events/${ids["thing"]}`,
    async (page) => {
      const object = page.getByRole("region", { name: "Object" }).first();
      expect(await object.innerText()).toMatch(/Fetched from \/things\/1[^]*a thing of its own/);
      expect(await page.locator("pre.content").first().innerText()).toContain('"object": "/things/1"');
      await legible(page);
    },
    how,
  );
  await onPage(
    `/events/${ids["thingless"]}`,
    async (page) => {
      const object = page.getByRole("region", { name: "Object" }).first();
      expect(await object.innerText()).toMatch(/Not fetched: http:\/\/127\.0\.0\.1:\d+\/things\/none answered 404/);
      expect(await page.content()).not.toContain("the key to the things");
      await legible(page);
    },
    how,
  );
  await onPage("/sources/acme", legible, how);
});

test.each(LOOKS)("on %s a transform is tried over the last events of a source, by keyboard", async (_, how) => {
  await onPage(
    "/routes/try",
    async (page) => {
      const focused = async () => await page.evaluate("document.activeElement?.getAttribute('name')");
      const to = async (name: string) => {
        for (let n = 0; n < 60 && (await focused()) !== name; n += 1) await page.keyboard.press("Tab");
        expect(await focused()).toBe(name);
      };
      await to("source");
      await page.keyboard.type("acme");
      await to("type");
      await page.keyboard.type("thing.made");
      await to("last");
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type("5");
      await to("transform");
      await page.keyboard.type('{ "was": body.object, "is": object.name }');
      await to("when");
      await page.keyboard.type('body.object == "/things/1"');
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.waitForSelector("[role=status]");
      expect(await page.getByRole("status").innerText()).toMatch(/1 event of acme, 0 with an error/);
      const outcome = page.getByRole("region", { name: new RegExp(`^${ids["thing"]}`) });
      expect(await outcome.getByRole("region", { name: /^Body before/ }).innerText()).toContain("/things/1");
      expect(await outcome.getByRole("region", { name: /^Body after/ }).innerText()).toContain("a thing of its own");
      expect(await outcome.innerText()).toMatch(/true/);
      expect([await accessibilityFaults(page), await overflow(page)]).toEqual([[], 0]);

      // An event of another kind beside it has its error, and what was written still stands in the form.
      await page.getByLabel("Type", { exact: true }).fill("");
      await page.getByRole("button", { name: "Try" }).click();
      await page.waitForSelector("text=3 events of acme");
      expect(await page.getByLabel("Another transform, in JSONata").inputValue()).toContain("object.name");
      expect([await accessibilityFaults(page), await overflow(page)]).toEqual([[], 0]);
      await page.locator('select[name="source"]').selectOption("");
      await page.getByRole("button", { name: "Try" }).click();
      expect(await page.getByRole("alert").innerText()).toContain("Name an event, or choose a source");
    },
    how,
  );
});
