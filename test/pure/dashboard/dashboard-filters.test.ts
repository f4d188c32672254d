// Where the form of the lists leads, and which question its fields come to.
import { expect, test } from "vitest";
import { parametersOf, redirection } from "../../../src/dashboard/parts/filters.tsx";
import { flashOf } from "../../../src/dashboard/words/flash.ts";

const ID = `evt_${"a".repeat(32)}`;
const at = (path: string) => new URL(path, "https://relay.example.com");

test.each([
  ["/events", null],
  ["/events?source=acme", null],
  ["/events?source=acme&type=&text=&last=", "/events?source=acme"],
  ["/events?source=&type=", "/events"],
  [`/events?text=${ID}`, `/events/${ID}`],
  [`/deliveries?text=+${ID}%3Acrm+&state=failed`, `/events/${ID}`],
  ["/events?state=failed&source=acme", "/deliveries?state=failed&source=acme"],
  // Deliveries have no text of their own.
  ["/events?state=failed&text=needle", null],
  ["/deliveries?state=failed&text=needle", "/events?state=failed&text=needle"],
  ["/deliveries?state=failed", null],
])("%s leads to %s", (path, expected) => {
  expect(redirection(at(path))).toBe(expected);
});

test("a preset is a time before now, and times without a zone are UTC", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  const asked = (path: string, without: string[] = []) => Object.fromEntries(parametersOf(at(path), now, without));
  expect(asked("/events?last=1h")).toEqual({ since: "2026-03-01T11:00:00.000Z" });
  expect(asked("/events?last=forever")).toEqual({});
  expect(asked("/events?since=2026-03-01T09:30&until=2026-03-02")).toEqual({
    since: "2026-03-01T09:30Z",
    until: "2026-03-02",
  });
  expect(asked("/events?done=replayed&n=3&text=x&cursor=abc", ["text"])).toEqual({ cursor: "abc" });
});

test("a page says only what it knows to say: words in the URL are never shown", () => {
  expect(flashOf(at("/events?done=replayed&n=2"))).toBe("Replayed: 2 deliveries are open again.");
  expect(flashOf(at("/events?done=replayed&n=<b>"))).toBe("Nothing to replay: only ended deliveries can be replayed.");
  for (const code of ["<script>", "toString", "__proto__", ""]) expect(flashOf(at(`/events?done=${code}`))).toBeNull();
});
