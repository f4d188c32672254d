// Which other provider may have sent a refused request? Looks for the signature headers of other providers and tries
// their schemes. Pure but for WebCrypto.
import { signatureHeaders } from "../identify.ts";
import { findProvider, providerIds } from "../../providers/catalogue.ts";
import type { Provider } from "../../scheme/scheme.ts";
import { type Case, type Diagnosis, retried } from "./trials.ts";

/** Headers that many providers use, so they do not tell which one sent the request. */
const GENERIC = new Set([
  "authorization",
  "signature",
  "x-signature",
  "sign",
  "webhook-signature",
  "x-webhook-signature",
  "x-hub-signature",
]);

/** How many schemes are tried on one request, and the largest body, in bytes, on which they are tried. */
const TRIALS = 24;
const TRIED_BYTES = 64 * 1024;

interface Other {
  readonly id: string;
  readonly provider: Provider;
  readonly header: string;
}

/**
 * The senders of the catalogue that sign in a header which this request has, by default none that its own sender uses.
 */
function others({ request, provider }: Case, alsoOwn: boolean): Other[] {
  const own = new Set(alsoOwn ? [] : signatureHeaders(provider));
  const all = providerIds().flatMap((id) => {
    const other = findProvider(id);
    if (other === null) return [];
    const header = signatureHeaders(other).find((name) => !own.has(name) && request.headers.has(name));
    return header === undefined ? [] : [{ id, provider: other, header }];
  });
  // The provider that the header is named after comes first: many send `svix-signature` because they send through Svix.
  const isNamed = ({ id, header }: Other) => header.includes(id);
  return [...all.filter(isNamed), ...all.filter((other) => !isNamed(other))];
}

/**
 * Whether another provider's signature is in the request.
 *
 * @param sure answers only if the request verifies under the other provider's scheme with this source's secret
 */
export async function stranger(one: Case, sure = false): Promise<Diagnosis | null> {
  const all = others(one, sure);
  for (const { id, provider, header } of one.request.body.length > TRIED_BYTES ? [] : all.slice(0, TRIALS)) {
    if (provider.keys !== undefined || (await retried(one, { provider })) !== null) continue;
    const advice = `The request is signed in ${header}, as ${provider.name} does it, and your secret fits it: write provider = "${id}".`;
    return { code: "other_provider", advice };
  }
  if (sure) return null;
  const telling = all.filter(({ header }) => !GENERIC.has(header));
  const [first] = telling;
  if (first === undefined) return null;
  const rest = telling.flatMap(({ id, header }) => (header === first.header && id !== first.id ? [id] : []));
  const also = rest.length === 0 ? "" : ` (so ${rest.length === 1 ? "does" : "do"} ${listed(rest)})`;
  const advice = `The request carries ${first.header}, which ${first.provider.name} sends${also}: is provider = "${first.id}" meant?`;
  return { code: "other_provider", advice };
}

function listed(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and others` : names.join(", ");
}

/** Finds a header that looks like a signature but belongs to no known provider; the setting `header` may name it. */
export function strangeHeader({ request, provider }: Case, where: string): Diagnosis | null {
  const own = new Set(signatureHeaders(provider));
  const found = [...request.headers.keys()].find(
    (name) => !own.has(name) && name.length <= 60 && /sign|hmac|digest|(?:^|-)(?:sig|token)(?:-|$)/.test(name),
  );
  if (found === undefined) return null;
  const advice = `The request has no signature at ${where}, but one that may be it at ${found}: if that is ${provider.name}'s, name it where the scheme is described, or check which sender this is.`;
  return { code: "signature_elsewhere", advice, said: found };
}
