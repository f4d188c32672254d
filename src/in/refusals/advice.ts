// What an operator can do about a refusal, in one sentence for each reason. Pure.
import { sentence } from "./diagnose.ts";
import { isVerification, type Rejection } from "../../errors.ts";

/** @param provider as people write it */
export function adviseOn(rejection: Rejection, provider: string): string {
  if (isVerification(rejection)) return sentence(rejection, provider);
  switch (rejection.reason) {
    case "source_unknown":
      return rejection.meant === undefined
        ? "No source has this name: look at the address that the sender was given."
        : `Somebody asked at ${rejection.path}, where nothing is: the address of this source is /in/${rejection.meant}. Give the sender that one.`;
    case "source_disabled":
      return `The configuration of this source is wrong, so it takes nothing. ${rejection.why}${/[.?]$/.test(rejection.why) ? "" : "."}`;
    case "method_not_allowed":
      return ["GET", "HEAD"].includes(rejection.method)
        ? `${rejection.method} is not how ${provider} sends events: somebody opened the address in a browser, or a redirect on the way turned a POST into a GET. Give the sender the final https address.`
        : `${rejection.method} is not taken here, only ${rejection.allow}: set the sender to POST.`;
    case "address_refused":
      return `${rejection.address || "A request without an address"} is not among the networks of allow: if it is ${provider}, add it; a proxy before Hookline also shows its own address.`;
    case "addresses_unknown":
      return `The address list of ${provider} has not been had yet, so that nobody is on it: it is asked for once a minute, and GET /api/sources says what went wrong.`;
    case "flooding":
      return `${rejection.address || "Somebody"} has sent more requests that prove nothing than the flood guard admits of one address. What is genuine passes beside a good many of them; should it not, name the networks of ${provider} under allow, which are not counted.`;
    case "body_too_large":
      return `The body is larger than ${rejection.limit} bytes: raise max_body, up to 25MiB.`;
    case "body_too_slow":
      return `The body had not come after ${Math.round(rejection.waitedMs / 1000)} s: the sender or its network is slow.`;
    case "body_broken":
      return "The sender went away before the body had come, or sent no proper HTTP.";
    case "handshake_refused":
      return `${provider} asked whether this address is yours, and the token, the signature or the form of the challenge was not right: enter the same secret there and here.`;
    case "rate_limited":
      return "More came than the rate of this source admits: raise rate, if the sender is to be served faster.";
    case "busy":
      return `Not taken, and the sender was asked to come again: ${rejection.why}.`;
  }
  return rejection satisfies never;
}
