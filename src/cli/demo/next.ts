// What can be done with a demo that runs? Commands to copy; touches nothing.
import { paint } from "../columns.ts";
import type { Secrets } from "./relay.ts";

/** Lines to print once everything has ended. These secrets were made up for this run and end with it. */
export function nextSteps(relay: string, { ADMIN_TOKEN, GITHUB_SECRET }: Secrets): string[] {
  return [
    "",
    paint("bold", "  It stays up until Ctrl-C. Look at it in a browser, and from another terminal:"),
    "",
    paint("dim", "  its dashboard; sign in with the token below it, which was made up for this run"),
    `  ${relay}/`,
    `  ${ADMIN_TOKEN}`,
    "",
    paint("dim", "  what it remembers"),
    `  curl -s ${relay}/api/events -H 'Authorization: Bearer ${ADMIN_TOKEN}'`,
    "",
    paint("dim", "  a webhook of your own, signed as GitHub does it; change a letter of the key, and it is refused"),
    `  b='{"zen":"Keep it logically awesome."}'; curl -s ${relay}/in/github -d "$b" -H 'X-GitHub-Event: ping' -H "X-GitHub-Delivery: $(date +%s)" -H "X-Hub-Signature-256: sha256=$(printf %s "$b" | openssl dgst -sha256 -hmac ${GITHUB_SECRET} | sed 's/.* //')"`,
    "",
    paint("bold", "  Next"),
    `  npm run dev   ${paint("dim", "runs your own wrangler.toml; the samples in docs/samples are good starts")}`,
    `  README.md     ${paint("dim", "how to deploy it, and where everything else is written")}`,
    "",
  ];
}
