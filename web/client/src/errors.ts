/**
 * What can go wrong when the API is asked for something.
 *
 *     Error
 *     └── BelfryError         the API refused, or something else answered, or nothing did
 *         └── SignedOutError  the token is not accepted, and there is no better one
 */

import type { Problem } from "./types.ts";

/** No answer: the network, the server or a proxy between them is down, or too slow. */
export const UNREACHABLE = "unreachable";
/** An answer that is not the API's: the page of a proxy, of a hotel's network, of a wrong address. */
export const FOREIGN_ANSWER = "foreign-answer";
/** `getToken` failed, so nothing was asked. */
export const NO_TOKEN = "no-token";
/** `getToken` gave another person's token than before, so nothing was asked. */
export const OTHER_PERSON = "other-person";

const PASSING_STATUS = new Set([408, 425, 429]);

/** A request that did not do what it should: a problem of the API (docs/errors.md), or one on the way to it. */
export class BelfryError extends Error implements Problem {
  override readonly name: string = "BelfryError";
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Seconds after which the server wants to be asked again; null if it did not say. */
  readonly retryAfter: number | null;

  constructor(problem: Problem, options: { retryAfter?: number | null; cause?: unknown } = {}) {
    super(
      `${problem.status} ${problem.code}: ${problem.detail}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.retryAfter = options.retryAfter ?? null;
  }

  /**
   * Whether the same request can succeed later, unchanged.
   *
   * What is not the API's own word never counts as its refusal, whatever the status: a hotel's network answers 403.
   */
  get passing(): boolean {
    return (
      this.status === 0 ||
      this.status >= 500 ||
      PASSING_STATUS.has(this.status) ||
      this.code === FOREIGN_ANSWER
    );
  }
}

/**
 * The person has to sign in again.
 *
 * `getToken` may reject with it, to say that there is no session any more; any other rejection counts as passing.
 */
export class SignedOutError extends BelfryError {
  override readonly name = "SignedOutError";

  constructor(detail = "The person has to sign in.", options: { cause?: unknown } = {}) {
    super({ status: 401, code: "unauthenticated", detail }, options);
  }

  override get passing(): boolean {
    return false;
  }
}
