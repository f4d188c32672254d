// What an operator can do about a refusal, in one sentence for each reason. Pure.
import { sentence } from "./diagnose.ts";
import { isVerification, type Rejection } from "../../errors.ts";

/** @param provider as people write it */
export function adviseOn(rejection: Rejection, provider: string): string {
  if (isVerification(rejection)) return sentence(rejection, provider);
  switch (rejection.reason) {
    case "source_unknown":
      return rejection.meant === undefined
        ? "No source has this name: check the URL that the sender was given."
        : `A request came to ${rejection.path}, which does not exist: the path of this source is /in/${rejection.meant}. Give the sender that one.`;
    case "source_disabled":
      return `The configuration of this source is wrong, so it accepts nothing. ${rejection.why}${/[.?]$/.test(rejection.why) ? "" : "."}`;
    case "method_not_allowed":
      return ["GET", "HEAD"].includes(rejection.method)
        ? `${rejection.method} is not how ${provider} sends events: somebody opened the address in a browser, or a redirect on the way turned a POST into a GET. Give the sender the final https address.`
        : `${rejection.method} is not accepted here, only ${rejection.allow}: set the sender to POST.`;
    case "address_refused":
      return `${rejection.address || "A request without an address"} is not among the networks of allow: if it is ${provider}, add it; a proxy before Hookline also shows its own address.`;
    case "addresses_unknown":
      return `The address list of ${provider} has not been fetched yet, so it admits nobody: the relay tries once a minute, and GET /api/sources says what went wrong.`;
    case "flooding":
      return `${rejection.address || "Somebody"} has sent more unverified requests than the flood guard admits from one address. Genuine requests still pass, unless there are too many others; in that case name the networks of ${provider} under allow, which are not counted.`;
    case "body_too_large":
      return `The body is larger than ${rejection.limit} bytes: raise max_body, up to 25MiB.`;
    case "body_too_slow":
      return `The body was not complete after ${Math.round(rejection.waitedMs / 1000)} s: the sender or its network is slow.`;
    case "body_broken":
      return "The sender closed the connection before the body was complete, or sent invalid HTTP.";
    case "handshake_refused":
      return `${provider} sent a handshake whose token, signature or challenge was wrong: enter the same secret at the sender and here.`;
    case "rate_limited":
      return "More requests came than the rate of this source allows: raise rate if the sender may send faster.";
    case "busy":
      return `Not accepted, and the sender was asked to retry: ${rejection.why}.`;
  }
  return rejection satisfies never;
}
