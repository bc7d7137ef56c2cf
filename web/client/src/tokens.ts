/** The app's tokens, watched: an app may sign somebody else in while requests run. */

import { accountOf } from "./account.ts";
import type { Api, GetToken } from "./api.ts";
import { pause, waits } from "./backoff.ts";
import { BelfryError, OTHER_PERSON, SignedOutError } from "./errors.ts";
import { page } from "./page.ts";

export class Tokens {
  readonly #give: GetToken;
  readonly #onOther: (() => void) | null;
  #account: string | null = null;

  /** `onOther`: called when a token is another person's than the one before; null: that does not matter. */
  constructor(give: GetToken, onOther: (() => void) | null) {
    this.#give = give;
    this.#onOther = onOther;
  }

  /** Whose they are; null: they do not say, or there was none yet. */
  get account(): string | null {
    return this.#account;
  }

  /** The next one may be anybody's. */
  forget(): void {
    this.#account = null;
  }

  /** Gives the app's token, unless it has become another person's: nothing is asked for in the name of one for the other. */
  readonly get: GetToken = async (options) => {
    const token = await this.#give(options);
    const account = accountOf(token);
    if (account === null || account === this.#account) return token;
    if (this.#account === null || this.#onOther === null) {
      this.#account = account;
      return token;
    }
    this.#onOther();
    const detail = "The app has another person's token by now.";
    throw new BelfryError({ status: 0, code: OTHER_PERSON, detail });
  };
}

/**
 * Find out whose the tokens are: they say so themselves, or else the server does. Tried until it succeeds.
 *
 * @param say - called with how it goes meanwhile.
 * @returns null: the token is not accepted, or `signal` was aborted.
 */
export async function identify(
  tokens: Tokens,
  api: Api,
  signal: AbortSignal,
  say: (connection: "waiting" | "signed-out") => void,
): Promise<string | null> {
  let wait = waits();
  while (!signal.aborted) {
    try {
      await tokens.get({ fresh: false });
      return tokens.account ?? (await api.request<{ user: string }>("POST", "/negotiate")).user;
    } catch (error) {
      // Whatever `getToken` rejects with: it says what is final, and all else passes.
      if (error instanceof SignedOutError) {
        say("signed-out");
        return null;
      }
    }
    say("waiting");
    const end = await pause(wait.next().value, signal, (listener) => page.onWake(listener));
    if (end === "woken") wait = waits();
  }
  return null;
}
