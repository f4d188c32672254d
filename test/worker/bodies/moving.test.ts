// Large bodies in a bucket on their way into the archive and back, out of another relay, and away with all of a subject.
import { expect, test } from "vitest";
import { accepted, bodyOf, bucket, keys, marks, onDuty, type Relay, relayWith, withVerbs } from "../kit/bodied.ts";
import { emptied, exported, imported, order } from "../kit/moving.ts";
import { bindings, bytes, deliveries, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();
const DAY = 24 * 60 * 60_000;
const LARGE = JSON.stringify({ customer: "cus_1", n: "größe ".repeat(250_000) });

async function grownOld(): Promise<void> {
  await deliveries("delivered");
  await rows("UPDATE events SET received_at = received_at - ?1", 10 * DAY);
  await rows("UPDATE deliveries SET ended_at = ended_at - ?1", DAY);
}

const text = async (relay: Relay, id: string) => new TextDecoder().decode(await bodyOf(relay, id));

test(
  "the archive takes the whole body, and a replay brings it back into the bucket and sends it",
  { timeout: 60_000, meta: { provokes: ["archive.failed"] } },
  async () => {
    const archive = { EVENT_ARCHIVE: bindings["ARCHIVE"] };
    const relay = onDuty(relayWith(bucket, archive));
    const ids = [await accepted(relay, "1", LARGE), await accepted(relay, "2", LARGE, "closed")];
    await grownOld();
    // What the bucket does not give is not removed.
    const failing = relayWith(
      withVerbs({ get: async () => await Promise.reject(new Error("internal error")) }),
      archive,
    );
    await failing.minute();
    expect(await rows("SELECT id FROM events")).toHaveLength(2);
    for (let n = 0; n < 3; n += 1) await relayWith(bucket, archive).minute();
    expect([await rows("SELECT id FROM events"), await keys(), await marks()]).toEqual([[], [], []]);
    for (const [n, id] of ids.entries()) {
      expect((await relay.api<{ body: string }>(`/events/${id}`)).body === LARGE).toBe(true);
      receiver.arrivals = [];
      await relay.api(`/events/${id}/replay`, "POST");
      await until(() => receiver.arrivals.length === 1);
      expect(Buffer.compare(receiver.arrivals[0]!.body, bytes(LARGE))).toBe(0);
      expect(await rows("SELECT n FROM event_parts WHERE data <> ''")).toEqual([]);
      expect((await keys()).length).toBe((n + 1) * 3);
      await deliveries("delivered");
    }
  },
);

test(
  "what another relay had is whole only once every object is there",
  { meta: { provokes: ["http.failed"] } },
  async () => {
    const relay = onDuty(relayWith(bucket));
    await accepted(relay, "1", LARGE);
    await deliveries("delivered");
    const [line] = await exported(relay);
    if (line === undefined) throw new Error("nothing was exported");
    await emptied();
    const pieces = [bytes(LARGE).subarray(0, 600_000), bytes(LARGE).subarray(600_000)];
    const failing = relayWith(withVerbs({ put: async () => await Promise.reject(new Error("internal error")) }));
    let receipt: string | null = null;
    const upload = async (to: Relay, n: number) => {
      const data = Buffer.from(pieces[n]!).toString("base64");
      const piece = { event: line.id, source: "acme", receipt, n, encoding: "base64", data };
      const answer = await order(to, "/import/parts", piece);
      if (answer.ok) ({ receipt } = await answer.json<{ receipt: string | null }>());
      return answer.status;
    };
    const whole = async () =>
      await imported(relay, [{ ...line, encoding: "base64", body: "", uploaded: { receipt, parts: 2 } }]);
    expect(await upload(relay, 0)).toBe(200);
    expect(await upload(failing, 1)).toBe(500);
    expect(await whole()).toMatchObject({ status: 422, detail: expect.stringContaining("not all of them are here") });
    expect(await upload(relay, 1)).toBe(200);
    // What is there stays, whoever sends a piece again.
    pieces[1] = bytes("something else");
    expect(await upload(relay, 1)).toBe(200);
    expect(await whole()).toMatchObject({ imported: 1 });
    expect((await text(relay, line.id)) === LARGE).toBe(true);
  },
);

test(
  "everything about a person is deleted once nothing of it is in the bucket",
  { timeout: 60_000, meta: { provokes: ["replays.failed", "bodies.not_removed"] } },
  async () => {
    const relay = onDuty(relayWith(bucket));
    const ids = [await accepted(relay, "1", LARGE), await accepted(relay, "2", LARGE.replace("cus_1", "cus_2"))];
    await deliveries("delivered");
    const before = (await keys()).length;
    const ask = async (path: string, body: object) =>
      await (await order(relay, path, body)).json<{ id: string; state: string }>();
    const { id } = await ask("/erasures", { source: "acme", where: "body.customer=cus_1" });
    const stateAfter = async (one: Relay) => {
      await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
      await one.minute();
      const { state, phase } = await relay.api<{ state: string; phase?: string }>(`/erasures/${id}`);
      return phase ?? state;
    };
    // A bucket that fails is no reason to pass over what it has.
    const silent = withVerbs({ get: async () => await Promise.reject(new Error("internal error")) });
    for (let n = 0; n < 3; n += 1) expect(await stateAfter(relayWith(silent))).not.toBe("counted");
    for (let n = 0; n < 20 && (await stateAfter(relayWith(bucket))) !== "counted"; n += 1);
    expect(await relay.api(`/erasures/${id}`)).toMatchObject({ state: "counted", matched: 1, unreadable: 0 });
    await ask(`/erasures/${id}/confirm`, {});
    const stuck = withVerbs({ delete: async () => await Promise.reject(new Error("internal error")) });
    for (let n = 0; n < 12; n += 1) await stateAfter(relayWith(stuck));
    expect([(await marks()).length, (await keys()).length]).toEqual([before / 2, before]);
    expect(await relay.api(`/erasures/${id}`)).not.toMatchObject({ state: "done" });
    await relayWith(bucket).minute();
    expect([(await marks()).length, (await keys()).length]).toEqual([0, before / 2]);
    expect(await stateAfter(relayWith(bucket))).toBe("done");
    expect((await text(relay, ids[1]!)).includes("cus_2")).toBe(true);
  },
);
