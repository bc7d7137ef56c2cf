/** The API in the name of who is signed in, for what Belfry's client does not do: a producer's and a phone's part. */

import type { Settings } from "./settings.ts";
import type { SignIn } from "./sign-in.ts";

export type CallApi = (path: string, init: RequestInit) => Promise<Response>;

export function apiOf({ api, tokenHeader }: Settings, signIn: SignIn): CallApi {
  const attempt = async (path: string, init: RequestInit, fresh: boolean): Promise<Response> => {
    const headers = new Headers(init.headers);
    const bearer = `Bearer ${await signIn.token({ fresh })}`;
    headers.set("authorization", bearer);
    headers.set("content-type", "application/json");
    if (tokenHeader) headers.set(tokenHeader, bearer);
    return fetch(api + path, { ...init, headers });
  };
  return async (path, init) => {
    const response = await attempt(path, init, false);
    return response.status === 401 ? attempt(path, init, true) : response;
  };
}
