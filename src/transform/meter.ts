// What may one transform cost? Steps, depth, elements and characters, each asked for before it is taken. Pure.

/** Why a transform came to nothing, in words that go on from "the transform". */
export class TransformFault extends Error {}

/**
 * Steps of one evaluation: a part of the expression that is evaluated, or 16 characters or elements that it looks at or
 * makes. They take some 20 ms of an isolate at the most. A Worker's clock stands still while it computes, so a bound in
 * time could not work.
 */
const MOST_STEPS = 200_000;
/** Functions that wait for each other, and values in each other. */
const MOST_DEPTH = 100;
/** Elements of one list. */
const MOST_ELEMENTS = 10_000;
/** Characters of one text, and of what is sent. */
export const MOST_TEXT = 1_048_576;
/** Characters or elements that a step looks at. */
const A_STEP = 16;

/** Counts what one evaluation takes. */
export class Meter {
  #left = MOST_STEPS;
  #depth = 0;

  /** @throws TransformFault where it is one too many */
  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TransformFault(`takes more than ${MOST_STEPS} steps for this event`);
  }

  /** So many characters or elements are about to be looked at or made. */
  look(size: number): void {
    this.spend(1 + size / A_STEP);
  }

  /** A list is about to have so many elements. */
  list(length: number): void {
    if (length > MOST_ELEMENTS) throw new TransformFault(`makes a list of more than ${MOST_ELEMENTS} elements`);
  }

  /** A text is about to have so many characters. */
  text(length: number): void {
    if (length > MOST_TEXT) throw new TransformFault(`makes a text of more than ${MOST_TEXT} characters`);
    this.look(length);
  }

  /** One level further in: of calls, or of values. */
  enter(): void {
    this.#depth += 1;
    if (this.#depth > MOST_DEPTH) throw new TransformFault(`goes more than ${MOST_DEPTH} levels deep for this event`);
  }

  leave(): void {
    this.#depth -= 1;
  }
}
