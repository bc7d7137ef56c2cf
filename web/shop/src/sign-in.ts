/**
 * Signing in: authorization code with PKCE, at any provider of OpenID Connect.
 *
 * The only file that knows oidc-client-ts. Each seat of the shop has a session of its own, so that a customer and
 * somebody of the back office can be signed in side by side in one browser.
 */

import { SignedOutError } from "@belfry/client";
import { ErrorResponse, UserManager, WebStorageStateStore, type User } from "oidc-client-ts";
import { readJourney, type Journey, type Seat } from "./journey.ts";
import type { Settings } from "./settings.ts";

export type { Seat };

/** Who is signed in. */
export interface Person {
  /** Names them for good: issuer and subject. */
  readonly account: string;
  /** Names them at the issuer. */
  readonly subject: string;
  readonly name: string;
}

const PREFIX = "hearth-and-oak.";
/** The one address that the provider sends people back to, so that only one has to be registered there. */
const RETURN_PATH = "/signed-in.html";
/** What a provider says when only the person can go on. */
const ENDED: ReadonlySet<string> = new Set([
  "invalid_grant",
  "interaction_required",
  "login_required",
  "consent_required",
]);
/** Seconds before its end from which a token is not used any more: longer than any request takes. */
const LEEWAY = 60;

/** One seat's session. */
export class SignIn {
  readonly #manager: UserManager;
  readonly #seat: Seat;
  readonly #hint: string | null;
  #handedOut: string | null = null;

  constructor(settings: Settings, seat: Seat) {
    this.#seat = seat;
    this.#hint = settings.hints[seat];
    this.#manager = new UserManager({
      authority: settings.issuer,
      client_id: settings.clientId,
      scope: settings.scope,
      redirect_uri: location.origin + RETURN_PATH,
      post_logout_redirect_uri: location.origin + "/",
      // Not in the tab's own storage: a click on a push opens a new window, which is to show the alert and no sign-in.
      userStore: new WebStorageStateStore({ prefix: `${PREFIX}${seat}.`, store: localStorage }),
      stateStore: new WebStorageStateStore({ prefix: `${PREFIX}journey.`, store: localStorage }),
      // A refresh token is good for one use, and every page of this seat has the same one: they take turns, below.
      automaticSilentRenew: false,
      // Providers refuse to be shown in a frame, and the stage has its pages in frames.
      redirectTarget: "top",
    });
  }

  /** Who is signed in; null: nobody. */
  async person(): Promise<Person | null> {
    const user = await this.#manager.getUser();
    if (!user) return null;
    const { iss, sub, name, preferred_username: username } = user.profile;
    return { account: `${iss} ${sub}`, subject: sub, name: name ?? username ?? sub };
  }

  /**
   * Leave for the provider's page; afterwards the person is at `returnTo`, a path. Rejects with a sentence for people
   * when it cannot be reached.
   */
  async begin(returnTo: string, next: readonly Seat[] = []): Promise<void> {
    const journey: Journey = { returnTo, next };
    try {
      await this.#manager.signinRedirect({
        state: journey,
        url_state: this.#seat,
        ...(this.#hint === null ? {} : { login_hint: this.#hint }),
      });
    } catch (cause) {
      throw new Error("The page to sign in at cannot be reached. Try again in a moment.", { cause });
    }
  }

  /** Take what the provider sent in this page's address. */
  async complete(): Promise<Journey> {
    const { origin } = location;
    try {
      const user = await this.#manager.signinRedirectCallback();
      return readJourney(user.state, origin);
    } catch (error) {
      // Whoever changes their mind on the provider's page goes back to where they were.
      if (error instanceof ErrorResponse && error.error === "access_denied") {
        return { ...readJourney(error.state, origin), next: [] };
      }
      throw error;
    }
  }

  /**
   * An access token.
   *
   * @param options.fresh the server refused the one before.
   * @throws SignedOutError when nobody is signed in, or the provider has ended the session.
   */
  async token({ fresh }: { fresh: boolean }): Promise<string> {
    const user = await this.#manager.getUser();
    const token = usable(user, fresh ? this.#handedOut : null) ?? (await this.#renewed(fresh));
    this.#handedOut = token;
    return token;
  }

  /** Called when in another page this person has signed out, or somebody else has signed in. */
  onChange(person: Person, listener: () => void): void {
    addEventListener("storage", ({ key }) => {
      if (!key?.startsWith(`${PREFIX}${this.#seat}.`)) return;
      void this.person().then((now) => {
        if (now?.account !== person.account) listener();
      });
    });
  }

  /** Sign out here, and at the provider if it can be reached; the person is at the stage then. */
  async end(): Promise<void> {
    try {
      await this.#manager.signoutRedirect();
    } catch (error) {
      console.warn("The provider could not be told that somebody has signed out:", error);
      await this.#manager.removeUser();
      (window.top ?? window).location.assign("/");
    }
  }

  async #renewed(fresh: boolean): Promise<string> {
    return await navigator.locks.request(`${PREFIX}${this.#seat}.renewal`, async () => {
      const user = await this.#manager.getUser();
      const token = usable(user, fresh ? this.#handedOut : null);
      if (token) return token; // another page was faster
      if (!user?.refresh_token) throw new SignedOutError();
      try {
        const renewed = await this.#manager.signinSilent();
        if (renewed) return renewed.access_token;
      } catch (error) {
        const ended = error instanceof ErrorResponse && ENDED.has(error.error ?? "");
        if (!ended) throw error; // the provider cannot be reached, or is not well: the session may be fine
      }
      await this.#manager.removeUser();
      throw new SignedOutError();
    });
  }
}

/** Take what the provider sent in this page's address; then the next one signs in, or the person goes on. */
export async function completeSignIn(settings: Settings): Promise<void> {
  // `state` is the library's own key, and after a semicolon what we gave along.
  const seat: Seat = new URLSearchParams(location.search).get("state")?.endsWith(";office")
    ? "office"
    : "customer";
  const { returnTo, next } = await new SignIn(settings, seat).complete();
  const [following, ...rest] = next;
  if (following) await new SignIn(settings, following).begin(returnTo, rest);
  else location.replace(returnTo);
}

function usable(user: User | null, refused: string | null): string | null {
  if (!user || user.access_token === refused) return null;
  return (user.expires_in ?? 0) > LEEWAY ? user.access_token : null;
}
