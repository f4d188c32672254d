// The official libraries as the other side: what they sign is accepted, and what they refuse is refused.

import { sign as octokitSign, verify as octokitVerify } from "@octokit/webhooks-methods";
import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { expect, test } from "vitest";
import { NOW, reason, SECRET, sent, WHSEC } from "../../vectors/request.ts";

const bodies = fc.string({ unit: "grapheme", minLength: 1 });

test("what @octokit/webhooks-methods signs is accepted, and what it refuses is refused", async () => {
  await fc.assert(
    fc.asyncProperty(bodies, fc.string({ minLength: 1 }), async (body, secret) => {
      const signature = await octokitSign(secret, body);
      expect(await reason("github", sent(body, { "x-hub-signature-256": signature }), secret)).toBe("ok");
      const other = `${body}x`;
      expect(await octokitVerify(secret, other, signature)).toBe(false);
      expect(await reason("github", sent(other, { "x-hub-signature-256": signature }), secret)).toBe(
        "signature_mismatch",
      );
    }),
  );
});

test("what the stripe library signs is accepted, and tampered it is refused", async () => {
  const { webhooks } = new Stripe("sk_test_key");
  await fc.assert(
    fc.asyncProperty(bodies, async (payload) => {
      const header = webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp: NOW });
      expect(await reason("stripe", sent(payload, { "stripe-signature": header }))).toBe("ok");
      expect(await reason("stripe", sent(`${payload} `, { "stripe-signature": header }))).toBe("signature_mismatch");
    }),
  );
});

test("what standardwebhooks signs is accepted, and what we accept it accepts", async () => {
  const library = new Webhook(WHSEC);
  const now = new Date();
  await fc.assert(
    fc.asyncProperty(bodies, fc.uuid(), async (body, id) => {
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": library.sign(id, now, body),
      };
      expect(await reason("standard-webhooks", sent(body, headers), WHSEC, now.getTime())).toBe("ok");
      expect(
        await reason("standard-webhooks", sent(body, { ...headers, "webhook-id": `${id}x` }), WHSEC, now.getTime()),
      ).toBe("signature_mismatch");
    }),
  );
});
