// A secret with an end, at the front door: for every sender of the catalogue it is taken until then, and from then on as if it were not there.
import { describe, expect, test } from "vitest";
import { requestOf, secretsOf, sourceOf } from "../../../src/cli/local/known-answers.ts";
import type { KnownRequest } from "../../../src/cli/local/known-answers.ts";
import { memoryRelay } from "../../../src/cli/local/memory-relay.ts";
import type { Refusal } from "../../../src/d1/refusals.ts";
import { ingest } from "../../../src/in/ingest.ts";
import { RefusalBook } from "../../../src/in/refusals/refusals.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import type { Secret } from "../../../src/types.ts";
import { isVerifyToken, verify } from "../../../src/verify/verify.ts";
import { facts } from "../../vectors/facts.ts";
import { handshakes } from "../../vectors/handshakes.ts";
import { keyOf } from "../../vectors/keys.ts";
import { NOW } from "../../vectors/signed.ts";
import { signAs, signedRequest } from "../../vectors/signer.ts";

const AT = NOW * 1000;
const NONE = { value: "" };
const BARE: KnownRequest = { provider: "", method: "POST", url: "", headers: {}, body: "" };
const silent = () => {};
/** Their signed requests are right and hold no event: what became of it says nothing. */
const EVENTLESS = new Set(["mandrill"]);

/** What the front door answers, and what its operator is told. */
async function told(known: KnownRequest, secrets: readonly Secret[], at = AT) {
  const { method, url, headers, body } = requestOf({ ...known, publicUrl: undefined });
  const source = { ...sourceOf(known, findProvider(known.provider)!, body.byteLength), secrets };
  const config = {
    sources: new Map([[source.name, source]]),
    disabled: new Map<string, string>(),
    routes: [],
    destinations: new Map(),
    adminToken: { name: "ADMIN_TOKEN", value: "t".repeat(32) },
  };
  const accepted: [id: string, verifiedBy: string | undefined][] = [];
  const kept: Refusal[] = [];
  const book = new RefusalBook({ keep: async (one) => void kept.push(one) }, () => at, {
    info: silent,
    warn: silent,
    error: silent,
  });
  const waited: Promise<unknown>[] = [];
  const relay = memoryRelay(config, at);
  const content = method === "GET" || method === "HEAD" ? {} : { body };
  const answer = await ingest(
    new Request(url, { method, headers, ...content }),
    source.name,
    {
      ...relay,
      refusals: book,
      intake: {
        ...relay.intake,
        accept: (candidate) => {
          accepted.push([candidate.id, /"verifiedBy":"([^"]*)"/.exec(candidate.row)?.[1]]);
          return relay.intake.accept(candidate);
        },
      },
    },
    { waitUntil: (promise) => void waited.push(promise) },
  );
  await Promise.all(waited);
  const type = answer.headers.get("content-type");
  return { status: answer.status, type, text: await answer.text(), accepted, kept };
}

const plainly = (one: Awaited<ReturnType<typeof told>>) => [one.status, one.type, one.text];

describe.for(facts.map((fact) => [fact.id, fact] as const))("%s", ([id, fact]) => {
  const signed = signedRequest(fact);
  const [{ value: another } = NONE] = secretsOf({ ...BARE, ...keyOf(id, fact.scheme.key ?? "utf8", "other").row });
  const renewed: Secret = { name: "ACME_SECRET", value: another };
  const [{ value } = NONE] = secretsOf(signed);
  const old = (until: number): Secret => ({ name: "ACME_SECRET_OLD", value, until });

  test("an old secret is taken until its end, and gives the event the name that the new one gives it", async () => {
    const always = await told(signed, [renewed, { name: "ACME_SECRET_OLD", value }]);
    expect(always.accepted).toHaveLength(EVENTLESS.has(id) ? 0 : 1);
    const before = await told(signed, [renewed, old(AT + 1)]);
    expect(before.accepted).toEqual(always.accepted.map(([event]) => [event, "ACME_SECRET_OLD"]));
    const switched = await told(signed, [{ name: "ACME_SECRET", value }, old(AT)]);
    expect(switched.accepted).toEqual(always.accepted.map(([event]) => [event, "ACME_SECRET"]));
    expect([switched.status, switched.type]).toEqual([before.status, before.type]);
  });

  test("from its end on it is refused as a stranger's is, is no event, and the operator is told why", async () => {
    const after = await told(signed, [renewed, old(AT)]);
    expect(after.accepted).toEqual([]);
    expect(plainly(after)).toEqual(plainly(await told(signed, [renewed])));
    expect(after.kept).toMatchObject([{ code: "secret_ended", status: after.status }]);
    expect(after.kept[0]?.advice).toContain("Signed with ACME_SECRET_OLD, which ended on 2025-10-09 08:53:20 UTC");
    expect(JSON.stringify(after.kept)).not.toContain(JSON.stringify(value).slice(1, -1));
    const forged = await told(signAs(fact, { whose: "other" }).request, [{ name: "ACME_SECRET", value }, old(AT)]);
    expect([forged.status, forged.type]).toEqual([after.status, after.type]);
  });

  test("the interpreter itself takes none that has ended", async () => {
    const provider = findProvider(id)!;
    const judge = (until: number) => verify(requestOf(signed), provider, [old(until)], signed.config ?? {}, AT);
    expect(await judge(AT + 1)).toMatchObject({ ok: true, value: { secret: "ACME_SECRET_OLD" } });
    expect(await judge(AT)).toMatchObject({ ok: false });
  });
});

test("a handshake is answered by an old secret until its end, and from then on as if there were none", async () => {
  const answered: string[] = [];
  const endings: string[] = [];
  for (const known of handshakes()) {
    const secrets = secretsOf(known);
    const at = (known.now ?? NOW) * 1000;
    const ending = (until: number) => secrets.map((one) => Object.assign({}, one, { until }));
    const title = `${known.provider} ${known.method} ${known.url}`;
    const fresh = plainly(await told(known, secrets, at));
    expect(plainly(await told(known, ending(at + 1), at)), title).toEqual(fresh);
    const gone = plainly(await told(known, ending(at), at));
    expect(gone, title).toEqual(plainly(await told(known, [], at)));
    if (String(gone) !== String(fresh)) answered.push(known.provider);
    // Of those that are refused by a token, the operator hears that it has ended.
    const [refusal] = (await told(known, [{ name: "NEW", value: "another" }, ...ending(at)], at)).kept;
    if (fresh[0] === 200 && refusal?.reason === "handshake_refused") endings.push(refusal.code);
  }
  expect(new Set(endings)).toEqual(new Set(["secret_ended"]));
  // So many of them answer by their secret.
  expect(new Set(answered).size).toBeGreaterThan(10);
});

test("a verify token that is being replaced proves no event, as the new one does not", () => {
  for (const name of ["META_VERIFY_TOKEN", "META_VERIFY_TOKEN_OLD"]) expect(isVerifyToken(name)).toBe(true);
  expect(isVerifyToken("META_SECRET_OLD")).toBe(false);
});
