// Rules over the whole catalogue that keep a kind of fault out: a sender that is added later has to obey them too.

import { describe, expect, test } from "vitest";
import { findProvider, providerIds } from "../../src/providers/catalogue.ts";
import { providerSchema, type Provider } from "../../src/scheme/scheme.ts";
import { pinnedUrl } from "../../src/verify/pinned.ts";

describe("every sender that publishes keys", () => {
  const senders = providerIds().flatMap((id): [string, Provider][] => {
    const provider = findProvider(id)!;
    return provider.keys === undefined ? [] : [[id, provider]];
  });

  test("there are some", () => {
    expect(senders.length).toBeGreaterThanOrEqual(9);
  });

  test.each(senders)(
    "%s pins whole hosts and paths, and says whose a certificate must be",
    (_, { keys, handshake = [] }) => {
      const pins = [keys!, ...handshake.flatMap(({ visits }) => visits ?? [])];
      for (const pin of pins) {
        // A pattern that takes any text is none, and neither is one whose dots are any character.
        for (const pattern of [pin.host, pin.path, "query" in pin ? (pin.query ?? "x") : "x"]) {
          const outside = pattern.replaceAll(/\[[^\]]+\]/g, "[]");
          expect(outside).not.toMatch(/(?<!\\)\.|\\[SWD]|[)\]]\*|\[\]\+$/);
          expect(new RegExp(`^(?:${pattern})$`).test("evil.example/x?y#z")).toBe(false);
        }
        expect(pin.path.startsWith("/")).toBe(true);
      }
      if (keys!.form === "certificate") expect(keys!.subject).toBeDefined();
      if (keys!.login !== undefined) expect(keys!.login.url).toMatch(/^https:/);
    },
  );

  test.each(senders.filter(([, { keys }]) => keys!.url.startsWith("https://")))(
    "%s: its own URL fits its own pin",
    (_, { keys }) => {
      const url = keys!.url
        .replaceAll(/\[[^\]]*\]/g, "")
        .replaceAll(/\{[^}|]*\|default:(\w+)\}/g, "$1")
        .replaceAll("{kid}", "k-1");
      expect(pinnedUrl(url, keys!)).toBe(url);
      expect(pinnedUrl(`${url}?x`, keys!)).toBeNull();
      expect(pinnedUrl(`${url}/x`, keys!)).toBeNull();
    },
  );

  test("a sender of one's own cannot leave these out", () => {
    const own = { ...findProvider("paypal")! };
    expect(providerSchema.safeParse(own).success).toBe(true);
    for (const missing of ["host", "path", "subject"]) {
      const keys = Object.fromEntries(Object.entries(own.keys!).filter(([name]) => name !== missing));
      expect(providerSchema.safeParse({ ...own, keys }).success, missing).toBe(false);
    }
  });
});
