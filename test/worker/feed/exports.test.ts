// What a collector is told, push by push: every count once, whatever its answers and whatever dies.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Pushed } from "../../../src/feed/exports.ts";
import type { Telling } from "../../../src/feed/door.ts";
import { FeedCore } from "../../../src/feed/feed.ts";
import { countAttempt, newTally, sourceIn } from "../../../src/feed/tally.ts";
import { bindings, setUp } from "../kit/relay.ts";

setUp();

const MINUTE = 60_000;
const NOON = Date.parse("2090-01-01T12:00:00Z");
const TOOK: Pushed = { end: "took", status: 200, fault: null, rejected: 0, notBefore: null };
const REFUSED: Pushed = { ...TOOK, end: "refused", status: 401 };
const UNSURE: Pushed = { ...TOOK, end: "unsure", status: null, fault: "timeout" };

function happened(at: number, accepted: number, latencyMs: number): Telling {
  const tally = newTally();
  sourceIn(tally, "acme").accepted = accepted;
  countAttempt(tally, { destination: "crm", state: "delivered", status: 200, latencyMs });
  return { counts: new Map([[at, tally]]), news: [], skipped: 0 };
}

/** A Feed object that can be restarted, its clock, and what was counted in it minute by minute. */
async function withFeed(name: string, work: (feed: Feed) => Promise<void>): Promise<void> {
  await runInDurableObject(bindings.FEED.getByName(name), async (_, state) => {
    const clock = { now: NOON };
    const start = () => new FeedCore(state, () => clock.now);
    let core = start();
    await work({
      clock,
      count: (accepted, latencyMs = 10) => {
        clock.now += MINUTE;
        core.tell(happened(clock.now - (clock.now % MINUTE), accepted, latencyMs));
      },
      restart: () => {
        core = start();
      },
      core: () => core,
      next: async () => {
        const told = await core.exporting("delta");
        if (told === null) return null;
        const { from, at, lifetime } = told;
        const latency = lifetime.destinations.get("crm")?.latency;
        return { from, at, accepted: lifetime.sources.get("acme")?.accepted, attempts: latency?.count };
      },
    });
  });
}

interface Feed {
  readonly clock: { now: number };
  readonly count: (accepted: number, latencyMs?: number) => void;
  readonly restart: () => void;
  readonly core: () => FeedCore;
  readonly next: () => Promise<{
    from: number;
    at: number;
    accepted?: number | undefined;
    attempts?: number | undefined;
  } | null>;
}

test("delta: telling begins where it is asked for, and each interval begins where the last one that was taken ended", async () => {
  await withFeed("feed-of-deltas", async ({ clock, count, restart, core, next }) => {
    count(5);
    expect(await next()).toBeNull();
    const began = clock.now;
    count(3, 200);
    const first = await next();
    expect(first).toEqual({ from: began, at: clock.now, accepted: 3, attempts: 1 });
    await core().exported(clock.now, TOOK);
    restart();
    const ended = clock.now;
    count(4);
    expect(await next()).toEqual({ from: ended, at: clock.now, accepted: 4, attempts: 1 });
    await core().exported(clock.now, TOOK);
    clock.now += MINUTE;
    expect(await next()).toMatchObject({ accepted: 0, attempts: 0 });
  });
});

test("what was refused is told together with what comes next, and what may have arrived as it was", async () => {
  await withFeed("feed-of-refusals", async ({ clock, count, restart, core, next }) => {
    count(1);
    await next();
    const began = clock.now;
    count(10);
    expect(await next()).toMatchObject({ accepted: 10 });
    await core().exported(clock.now, REFUSED);
    count(20);
    const unsure = await next();
    expect(unsure).toEqual({ from: began, at: clock.now, accepted: 30, attempts: 2 });
    await core().exported(clock.now, UNSURE);
    count(30);
    restart();
    expect(await next()).toEqual(unsure);
    // Nobody heard how that one ended: its isolate died.
    count(40);
    expect(await next()).toEqual(unsure);
    // It is refused now, and may be there all the same.
    await core().exported(unsure?.at ?? 0, REFUSED);
    clock.now += MINUTE;
    expect(await next()).toEqual(unsure);
    await core().exported(unsure?.at ?? 0, TOOK);
    expect(await next()).toEqual({ from: unsure?.at, at: clock.now, accepted: 70, attempts: 2 });
  });
});

test("what a collector refuses for an hour stops nothing, even where it may have it", async () => {
  await withFeed("feed-of-an-hour", async ({ clock, count, core, next }) => {
    count(1);
    await next();
    const began = clock.now;
    count(2);
    const old = await next();
    await core().exported(clock.now, UNSURE);
    clock.now += 61 * MINUTE;
    expect(await next()).toEqual(old);
    await core().exported(old?.at ?? 0, REFUSED);
    count(3);
    expect(await next()).toEqual({ from: began, at: clock.now, accepted: 5, attempts: 2 });
  });
});

test("one push at a time: a second cron tick has nothing to tell, and a late word of an earlier push moves nothing", async () => {
  await withFeed("feed-of-two-ticks", async ({ clock, count, core, next }) => {
    count(1);
    await next();
    count(2);
    const first = await next();
    expect(await next()).toBeNull();
    await core().exported(first?.at ?? 0, TOOK);
    count(4);
    const second = await next();
    await core().exported(first?.at ?? 0, TOOK);
    clock.now += MINUTE;
    expect(await next()).toEqual(second);
  });
});

test("cumulative: everything since counting began, and nothing is kept for it", async () => {
  await withFeed("feed-of-sums", async ({ clock, count, core }) => {
    count(5);
    const since = clock.now;
    count(7);
    for (const end of [UNSURE, TOOK]) {
      const told = await core().exporting("cumulative");
      expect([told?.from, told?.at, told?.lifetime.sources.get("acme")?.accepted]).toEqual([since, clock.now, 12]);
      await core().exported(clock.now, end);
    }
  });
});

test("cumulative: the start stays where it was when minutes become hours", async () => {
  await withFeed("feed-of-a-start", async ({ clock, count, core }) => {
    count(5);
    count(5);
    const first = await core().exporting("cumulative");
    expect(first?.from).toBe(NOON + MINUTE);
    clock.now += 30 * 60 * MINUTE;
    count(5);
    count(5);
    const second = await core().exporting("cumulative");
    expect([second?.from, second?.lifetime.sources.get("acme")?.accepted]).toEqual([first?.from, 20]);
    // It has become the hour, as /metrics shows it.
    expect(second?.lifetime.since).toBe(NOON);
  });
});

test("a collector that asks for patience gets it, for an hour at most; how pushing stands is known", async () => {
  await withFeed("feed-of-patience", async ({ clock, count, core }) => {
    expect(core().exportState()).toEqual({ tookAt: null, failingSince: null, last: null });
    count(5);
    const failed = clock.now;
    await core().exported(clock.now, { ...UNSURE, status: 429, fault: null, notBefore: clock.now + 5 * MINUTE });
    clock.now += MINUTE;
    expect(await core().exporting("cumulative")).toBeNull();
    expect(core().exportState()).toMatchObject({ tookAt: null, failingSince: failed, last: { status: 429 } });
    clock.now += 4 * MINUTE;
    expect(await core().exporting("cumulative")).not.toBeNull();
    await core().exported(clock.now, { ...REFUSED, notBefore: clock.now + 1_000 * 60 * MINUTE });
    expect(core().exportState().failingSince).toBe(failed);
    clock.now += 60 * MINUTE;
    expect(await core().exporting("cumulative")).not.toBeNull();
    await core().exported(clock.now, TOOK);
    expect(core().exportState()).toMatchObject({ tookAt: clock.now, failingSince: null });
  });
});
