// Which URLs may be destinations: every spelling of an address, and the registries' blocks at both edges.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { destinationUrl } from "../../../src/net/egress.ts";
import { ssrfUrls } from "../../vectors/ssrf.ts";

const admitted = (url: string, loopback = false) => destinationUrl(url, { loopback }).ok;
const why = (url: string) => {
  const judged = destinationUrl(url, { loopback: false });
  return judged.ok ? null : judged.why;
};

test("family, block, radix, embedding and spelling: every URL that is made of them is judged by where it leads", () => {
  const urls = ssrfUrls();
  // Every spelling is there with a public host too: what no parser reads would be refused whatever it spells.
  expect(urls.filter((one) => one.public).length).toBeGreaterThan(500);
  expect(urls.length).toBeGreaterThan(5000);
  expect(urls.filter((one) => admitted(one.url) !== one.public)).toEqual([]);
});

describe("shape", () => {
  test.each([
    ["http://example.com/", "is not https"],
    ["ftp://example.com/", "is not an https URL"],
    ["example.com", "is not an https URL"],
    ["", "is not an https URL"],
    ["https:///example.com", "is not an https URL"],
    ["https:example.com", "is not an https URL"],
    ["https://example.com/#top", "has a fragment"],
    ["https://user:password@example.com/", "carries credentials"],
    ["https://@example.com/", "carries credentials"],
    ["https://example.com/a b", "holds spaces"],
    [" https://example.com/", "holds spaces"],
    ["https://example.com\\@evil.example/", "holds spaces, control characters or backslashes"],
    ["https://exa\tmple.com/", "holds spaces"],
    ["https://example.com:99999/", "is not a URL"],
    ["https://example.com:25/", "uses port 25"],
  ])("%j %s", (url, reason) => {
    expect(why(url)).toContain(reason);
  });

  test("credentials are in no reason", () => {
    expect(why("https://user:hunter2@example.com/")).not.toContain("hunter2");
  });

  test.each(["", ":443", ":8443", ":2053"])("https on port %j is admitted", (port) => {
    expect(admitted(`https://example.com${port}/`)).toBe(true);
  });

  test("path and query are kept as they are", () => {
    const judged = destinationUrl("https://example.com/a/%2e%2E/b?c=@d&e", { loopback: false });
    expect(judged.ok && judged.url.search).toBe("?c=@d&e");
  });
});

describe("names", () => {
  test.each([
    "localhost",
    "localhost.",
    "a.localhost",
    "a.localhost.",
    "printer.local",
    "db.internal",
    "nas.home.arpa",
    "nas.home.arpa.",
    "intranet",
    "intranet.",
    "com",
    "a.b.svc",
    "router.lan",
    "x.onion",
    "x.test",
    "metadata.goog",
    "10.0.0.1.nip.io",
    "localtest.me",
    "example..com",
    ".example.com",
    "example.com..",
    ".",
    "..",
    "ｌｏｃａｌｈｏｓｔ",
    "LocalHost",
    "local%68ost",
  ])("%j is no public name", (host) => {
    expect(admitted(`https://${host}/`)).toBe(false);
  });

  test.each([
    "example.com.",
    "localhost.example.com",
    "notlocalhost.com",
    "mylocal.dev",
    "internal.example.com",
    "local.com",
  ])("%j is a public name", (host) => {
    expect(admitted(`https://${host}/`)).toBe(true);
  });
});

/** An IPv4 address as one number, which URLs take too. */
const number = (text: string) => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const at = (value: number) => `https://${value}/`;

describe("IPv4 addresses", () => {
  // Written as [first, last] of each block, with the neighbours that are public.
  test.each([
    ["0.0.0.0", "0.255.255.255"],
    ["10.0.0.0", "10.255.255.255"],
    ["100.64.0.0", "100.127.255.255"],
    ["127.0.0.0", "127.255.255.255"],
    ["169.254.0.0", "169.254.255.255"],
    ["172.16.0.0", "172.31.255.255"],
    ["192.0.0.0", "192.0.0.255"],
    ["192.0.2.0", "192.0.2.255"],
    ["192.88.99.0", "192.88.99.255"],
    ["192.168.0.0", "192.168.255.255"],
    ["198.18.0.0", "198.19.255.255"],
    ["198.51.100.0", "198.51.100.255"],
    ["203.0.113.0", "203.0.113.255"],
    ["224.0.0.0", "255.255.255.255"],
    ["168.63.129.16", "168.63.129.16"],
  ])("%s to %s is refused, and its neighbours are not", (first, last) => {
    expect(admitted(at(number(first)))).toBe(false);
    expect(admitted(at(number(last)))).toBe(false);
    if (first !== "0.0.0.0" && first !== "224.0.0.0") expect(admitted(at(number(first) - 1))).toBe(true);
    if (last !== "255.255.255.255") expect(admitted(at(number(last) + 1))).toBe(true);
  });

  test("an IPv4 address is judged alike in every spelling", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
        const parts = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
        const verdict = admitted(`https://${parts.join(".")}/`);
        const octal = parts.map((part) => `0${part.toString(8)}`).join(".");
        const hex = parts.map((part) => `0x${part.toString(16)}`).join(".");
        for (const host of [
          value,
          `0x${value.toString(16)}`,
          octal,
          hex,
          `${parts[0]}.${value & 0xff_ffff}`,
          `[::ffff:${parts.join(".")}]`,
        ]) {
          expect(admitted(`https://${host}/`), String(host)).toBe(verdict);
        }
      }),
    );
  });
});

describe("IPv6 addresses", () => {
  test.each([
    "::",
    "::1",
    "::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2001:1ff:ffff::1",
    "2002:808:808::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "1fff::1",
  ])("[%s] is refused", (address) => {
    expect(why(`https://[${address}]/`)).toMatch(/^is not a public address\. [OW]/);
  });

  test.each(["2001:200::1", "2606:4700:4700::1111", "2001:db7::1", "2003::1", "3ffe::1", "3fff:1000::1"])(
    "[%s] is admitted",
    (address) => {
      expect(admitted(`https://[${address}]/`)).toBe(true);
    },
  );
});

describe("the local development switch", () => {
  test.each([
    "http://localhost:9000/",
    "http://127.0.0.1:9000/x",
    "http://[::1]:9000/",
    "https://app.localhost/",
    "http://127.1:80/",
    "http://example.com/",
  ])("admits %j", (url) => {
    expect(admitted(url, true)).toBe(true);
    expect(admitted(url, false)).toBe(false);
  });

  test.each([
    "http://10.0.0.1/",
    "http://169.254.169.254/",
    "http://printer.local/",
    "http://intranet/",
    "ftp://localhost/",
    "http://a@localhost/",
  ])("does not admit %j", (url) => {
    expect(admitted(url, true)).toBe(false);
  });
});
