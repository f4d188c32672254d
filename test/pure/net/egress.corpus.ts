// The URLs that others have collected against server-side request forgery: which may be destinations.

import { destinationUrl } from "../../../src/net/egress.ts";
import { testCorpus } from "../../vectors/corpora.ts";

interface Corpus {
  readonly own: { readonly hostile: readonly string[]; readonly benign: readonly string[] };
  readonly ssrfcheck: { readonly hostile: readonly string[]; readonly mixed_should_pass_there: readonly string[] };
}

const FILE = "security/ssrf-urls.json";

const admitted = (url: string) => destinationUrl(url, { loopback: false }).ok;

testCorpus(
  FILE,
  "no hostile URL of our own is admitted",
  ({ own }: Corpus) => own.hostile,
  (url) => (admitted(url) ? url : null),
);

testCorpus(
  FILE,
  "no hostile URL of ssrfcheck is admitted, over https either",
  ({ ssrfcheck }: Corpus) => ssrfcheck.hostile,
  (url) => ([url, url.replace(/^http:/, "https:"), `https://${url}`].some((one) => admitted(one)) ? url : null),
);

testCorpus(
  FILE,
  "every benign https URL without a fragment is admitted",
  ({ own, ssrfcheck }: Corpus) =>
    [...own.benign, ...ssrfcheck.mixed_should_pass_there].filter((url) => /^https:\/\/[^#]*$/.test(url)),
  (url) => (admitted(url) ? null : url),
);
