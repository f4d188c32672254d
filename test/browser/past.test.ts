// The pages of events and deliveries, in a browser, over a relay in which things have gone wrong.
import type { Browser, Page } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import { until } from "../kit/until.ts";
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
  ids["none"] = await relay.post("{}", "user.renamed");
  ids["paid"] = await relay.post('{"amount":12345678901234567890,"note":"ünïcode"}', "order.paid");
  ids["gone"] = await relay.post("{}", "order.gone");
  ids["lost"] = await relay.post(JSON.stringify({ order: "ord_8123" }), "order.lost");
  await relay.settled(ids["paid"] ?? "", "delivered");
  await relay.settled(ids["gone"] ?? "", "failed");
  // crm has failed three times; archive waits for hours.
  await until("crm is given up", async () => {
    const page: unknown = await relay.api("/api/deliveries?state=failed&destination=crm");
    return JSON.stringify(page).includes(String(ids["lost"])) || undefined;
  });
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

const row = (page: Page, id: string | undefined) => page.locator(`tr:has(a[href="/events/${id}"])`);
const body = (page: Page) => page.locator("pre.content").first();

test("a list shows the worst that became of each event, and where", async () => {
  await onPage("/events", async (page) => {
    expect(await row(page, ids["paid"]).innerText()).toMatch(/delivered\s+billing/);
    expect(await row(page, ids["lost"]).innerText()).toMatch(/failed\s+crm/);
    expect(await row(page, ids["none"]).innerText()).toMatch(/no destination/);
  });
});

test("an event's headline says what happened, in one sentence", async () => {
  await onPage(`/events/${ids["lost"]}`, async (page) => {
    const said = await page.locator(".headline").innerText();
    expect(said).toContain("Delivered to 1 of 3; crm failed 3 times, last answer 503 Service Unavailable");
    expect(said).toMatch(/archive failed once, last answer 500 Internal Server Error, next try in \d+ h/);
  });
  await onPage(`/events/${ids["none"]}`, async (page) => {
    expect(await page.locator(".headline").innerText()).toContain("No route sends it anywhere.");
  });
  await onPage(`/events/${ids["gone"]}`, async (page) => {
    expect(await page.locator(".headline").innerText()).toContain("gone answered 410 and wants no more of it");
  });
});

test("every attempt stands in the table and on the line of time, with its answer", async () => {
  await onPage(`/events/${ids["lost"]}`, async (page) => {
    const crm = page.getByRole("region", { name: /^crm/ });
    expect(await crm.locator("tbody tr").count()).toBe(3);
    expect(await crm.locator(".timeline .mark-retry").count()).toBe(2);
    expect(await crm.locator(".timeline .mark-failed").count()).toBe(1);
    expect(await crm.locator("tbody").innerText()).toContain("<h1>down for maintenance</h1>");
    expect(
      await page
        .getByRole("region", { name: /^archive/ })
        .locator(".timeline .due")
        .count(),
    ).toBe(1);
  });
});

test("the page names the secret that verified an event, and holds none", async () => {
  await onPage(`/events/${ids["lost"]}`, async (page) => {
    expect(await page.locator(".facts").innerText()).toContain("ACME_SECRET");
    await page.getByText("As a curl command").click();
    const command = await page.locator("#curl").innerText();
    expect(command).toContain("-H 'x-signature: <signature>'");
    expect(await page.content()).not.toContain("the secret that acme signs with");
  });
});

test("JSON is put in order without a change to its tokens", async () => {
  await onPage(`/events/${ids["paid"]}`, async (page) => {
    expect(await body(page).innerText()).toContain('{\n  "amount": 12345678901234567890,\n  "note": "ünïcode"\n}');
    await page.getByRole("link", { name: "Raw", exact: true }).click();
    expect(await body(page).innerText()).toBe('{"amount":12345678901234567890,"note":"ünïcode"}');
    await page.getByRole("link", { name: "Hex", exact: true }).click();
    expect(await body(page).innerText()).toContain("000000  7b 22 61 6d 6f 75 6e 74  22 3a 31");
  });
});

test("filters narrow the list; state and destination lead to deliveries", async () => {
  await onPage("/events", async (page) => {
    await page.getByLabel("Type").fill("order.gone");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL("**/events?type=order.gone");
    expect(await page.locator("[data-rows] tbody tr").count()).toBe(1);
    await page.getByLabel("State").selectOption("failed");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL("**/deliveries?type=order.gone&state=failed");
    expect(await page.locator("[data-rows] tbody").innerText()).toContain("410 Gone");
  });
});

test("an id that is put into the search opens its event", async () => {
  await onPage("/events", async (page) => {
    await page.getByLabel("Event id, or text in the body").fill(` ${ids["lost"]}:crm `);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/events/${ids["lost"]}`);
  });
});

test("a text is found in bodies", async () => {
  await onPage("/events?text=ord_8123", async (page) => {
    expect(await page.locator("[data-rows] tbody tr").count()).toBe(1);
    expect(await row(page, ids["lost"]).count()).toBe(1);
  });
});

test("a question that is wrong is answered by what is wrong with it", async () => {
  await onPage("/events?cursor=nonsense", async (page) => {
    expect(await page.locator(".fault").innerText()).toContain("cursor: must be");
  });
  await onPage("/events/evt_nobody", async (page) => {
    expect(await page.locator("h1").innerText()).toBe("There is no such event");
  });
});

test("the keyboard walks the rows, opens one, and finds the search and the help", async () => {
  await onPage("/events", async (page) => {
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    expect(await page.locator(":focus").getAttribute("id")).toBe("main");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    expect(await page.locator(":focus").getAttribute("name")).toBe("text");
    await page.keyboard.press("Escape");
    const links = page.locator("[data-open]");
    const second = await links.nth(1).getAttribute("href");
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    expect(await page.locator(":focus").getAttribute("href")).toBe(second);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${second}`);
  });
});

test("an event that comes in appears on top by itself, and its state follows", async () => {
  await onPage("/events", async (page) => {
    await page.locator(".pill.live").waitFor();
    const id = await relay.post("{}", "order.paid");
    const fresh = page.locator(`tbody tr:first-child[data-event="${id}"]`);
    await fresh.getByText("delivered").waitFor();
    expect(await fresh.innerText()).toContain("acme");
    await fresh.locator("[data-open]").click();
    await page.waitForURL(`**/events/${id}`);
  });
});

test("a connection that is lost comes back, and what was missed in the meantime is there", async () => {
  await onPage("/deliveries", async (page) => {
    let refused = true;
    await page.routeWebSocket(/\/api\/live$/, (socket) => {
      if (refused) void socket.close();
      else socket.connectToServer();
    });
    await page.goto(`${relay.url}/events`);
    await page.locator(".pill.reconnecting").waitFor();
    const missed = await relay.post("{}", "order.paid");
    refused = false;
    await page.locator(".pill.live").waitFor();
    await page.locator(`tr[data-event="${missed}"]`).getByText("delivered").waitFor();
  });
});

test("a list that is filtered takes only what fits", async () => {
  await onPage("/events?type=order.gone", async (page) => {
    await page.locator(".pill.live").waitFor();
    const other = await relay.post("{}", "order.paid");
    const fitting = await relay.post("{}", "order.gone");
    await page.locator(`tr[data-event="${fitting}"]`).waitFor();
    expect(await page.locator(`tr[data-event="${other}"]`).count()).toBe(0);
  });
});

test("a replay is confirmed, done and told, and the page follows what becomes of it", async () => {
  const id = await relay.post("{}", "order.gone");
  await relay.settled(id, "failed");
  await onPage(`/events/${id}`, async (page) => {
    await page.locator("summary", { hasText: "Replay" }).first().click();
    await page.getByRole("button", { name: "Yes, replay" }).click();
    await page.waitForURL(`**/events/${id}?done=replayed&n=1`);
    expect(await page.locator(".flash").innerText()).toBe("Replayed: 1 delivery is open again.");
    await page.locator("td.of-n", { hasText: "2" }).waitFor();
    await page.locator(".headline.failed").waitFor();
  });
  const audit: unknown = await relay.api("/api/audit");
  expect(JSON.stringify(audit)).toContain(id);
});

test("what waits is cancelled, and an event is sent to where no route sends it, without scripts", async () => {
  const id = await relay.post("{}", "order.slow");
  await relay.settled(id, "delivering", "pending");
  await onPage(
    `/events/${id}`,
    async (page) => {
      await page.locator("summary", { hasText: "Send to another destination" }).click();
      await page.getByLabel("Destination").selectOption("spare");
      await page.getByRole("button", { name: "Yes, send to another destination" }).click();
      await page.waitForURL(`**/events/${id}?done=sent`);
      await page.getByRole("region", { name: /^spare/ }).waitFor();
    },
    { javaScriptEnabled: false },
  );
  const waiting = await relay.post("{}", "order.lost");
  await relay.settled(waiting, "failed", "delivered", "pending");
  await onPage(
    `/events/${waiting}`,
    async (page) => {
      await page.locator("summary", { hasText: "Cancel for archive" }).click();
      await page.getByRole("button", { name: "Yes, cancel for archive" }).click();
      await page.waitForURL(`**/events/${waiting}?done=cancelled&n=1`);
      expect(await page.locator(".headline").innerText()).toContain("archive was cancelled");
    },
    { javaScriptEnabled: false },
  );
});

const LOOKS = [
  ["a desk", { viewport: DESK, colorScheme: "light" }],
  ["a desk at night", { viewport: DESK, colorScheme: "dark" }],
  ["a phone", { viewport: PHONE, isMobile: true, hasTouch: true, colorScheme: "light" }],
  ["a phone at night", { viewport: PHONE, isMobile: true, hasTouch: true, colorScheme: "dark" }],
] as const;

test.each(LOOKS)("on %s nothing is hard to reach or to read, and nothing sticks out", async (_, options) => {
  const { page, context, complaints } = await open(browser, options);
  await page.goto(relay.url);
  const found = [[await accessibilityFaults(page), await overflow(page)]];
  await context.addCookies(storageState.cookies);
  const paths = ["/events", "/events?text=nothing-like-it", "/deliveries", "/deliveries?state=failed"];
  for (const path of [...paths, ...Object.values(ids).map((id) => `/events/${id}`), `/events/${ids["paid"]}/edit`]) {
    await page.goto(relay.url + path);
    // What can be opened is looked at as well.
    await page.locator("details").evaluateAll((all) => all.forEach((details) => details.setAttribute("open", "")));
    found.push([await accessibilityFaults(page), await overflow(page)]);
  }
  await context.close();
  expect(found).toEqual(found.map(() => [[], 0]));
  expect(complaints).toEqual([]);
});
