/** The app's tokens, watched: an app may sign somebody else in while requests run. */

import { accountOf } from "./account.ts";
import type { GetToken } from "./api.ts";
import { BelfryError, OTHER_PERSON } from "./errors.ts";

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
