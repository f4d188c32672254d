// The moment in which the fixtures live, and the text that a page must keep as text.

/** ISO 8601. */
export const NOW = "2026-11-21T22:00:00.000Z";
const now = Date.parse(NOW);

/** @param seconds before now */
export function ago(seconds: number): string {
  return new Date(now - seconds * 1000).toISOString();
}

/** @param seconds after now */
export function ahead(seconds: number): string {
  return ago(-seconds);
}

/** HTML, an attribute's end, a template, a bidirectional override, a control character, and a word without a gap. */
export const NAUGHTY = `<script>alert(1)</script> "' onload=alert(1) {{7*7}} \u202Etxt.exe\u202C \u0007 ${"Donaudampfschiff".repeat(12)}`;

/** The secrets of a source whose old one ends in three days. */
export const ROTATED = [
  { name: "STRIPE_SECRET", set: true },
  { name: "STRIPE_SECRET_OLD", set: true, until: ahead(3 * 86_400), ended: false },
];
