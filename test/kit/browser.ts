// A real browser for the pages, its pages watched for everything that must not happen on any of them.
import axe from "axe-core";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type Found, launchOptions } from "./chromium.ts";
import { TOKEN } from "./pages-relay.ts";

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 900 };

/** @param found what {@link findChromium} answered, or the sentence that it threw */
export async function launch(found: Found | string): Promise<Browser> {
  if (typeof found === "string") throw new Error(found);
  return await chromium.launch(launchOptions(found));
}

/** A page, and what went wrong on it: errors of scripts, of the console, and of the content security policy. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
}

/** @param patienceMs how long any wait on the page may take */
export async function open(
  browser: Browser,
  options: BrowserContextOptions = {},
  patienceMs = 60_000,
): Promise<Watched> {
  const context = await browser.newContext({ viewport: DESK, ...options });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A violation of the policy is an error of the console too. What was refused on purpose is not one of the page.
    if (message.type() === "error" && !/the server responded with a status of/.test(message.text()))
      complaints.push(message.text());
  });
  return { page, context, complaints };
}

/** What a browser keeps of having signed in: for `storageState` of the contexts that are to be signed in. */
export async function signedIn(browser: Browser, url: string, secret = TOKEN): Promise<SignedIn> {
  const { page, context } = await open(browser);
  await signIn(page, url, secret);
  const state = await context.storageState();
  await context.close();
  return state;
}

export type SignedIn = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** Signs in by the form, as a person does. */
export async function signIn(page: Page, url: string, secret = TOKEN): Promise<void> {
  await page.goto(`${url}/signin?to=/events`);
  await page.getByLabel("ADMIN_TOKEN, or an API key").fill(secret);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${url}/events`);
}

/** What axe-core finds that is serious or worse, each with the first places. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // By the debugger's protocol, which the page's policy does not bind.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- put there by the line above
    const { axe: there } = globalThis as unknown as { axe: typeof axe };
    return (await there.run()).violations.map(({ id, impact, nodes }) => ({
      impact,
      says: `${id}: ${nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary ?? ""}`)
        .join(" | ")}`,
    }));
  });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ says }) => says);
}

/** By how many pixels the page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
