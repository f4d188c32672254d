// What an answer may take of bytes and of time, by what is asked. Touches nothing.

/**
 * What a provider's key or confirmation may take, in bytes and ms:
 * a sender is waiting, and the longest are sets of a few KB.
 */
export const KEY = { most: 64 * 1024, timeoutMs: 5_000 };
/** What an answer of a resolver may take, of the time of an attempt. */
export const NAME = { most: 64 * 1024, timeoutMs: 3_000 };
/** What a list of addresses may take: GitHub's holds all of its services, some hundred KB. Nobody waits. */
export const LIST = { most: 4 * 1024 * 1024, timeoutMs: 10_000 };
