/** The HTTP API in a person's name. */

import { pause } from "./backoff.ts";
import { BelfryError, FOREIGN_ANSWER, NO_TOKEN, SignedOutError, UNREACHABLE } from "./errors.ts";

const TIMEOUT = 15_000;
const RETRIES = 2;
/** Seconds of `Retry-After` that are waited for within a request; who calls decides about longer ones. */
const LONGEST_RETRY = 10;
/** What can be sent twice and does the same. */
const REPEATABLE: ReadonlySet<Method> = new Set(["GET", "PUT", "DELETE"]);

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Gives the person's bearer token; asked before each request, so it should keep it.
 *
 * With `fresh` the one that it gave was refused: get a new one from the issuer. Reject with a `SignedOutError` when the
 * person has to sign in; any other rejection counts as passing, and it is asked again later.
 */
export type GetToken = (options: { readonly fresh: boolean }) => Promise<string>;

export interface ApiOptions {
  /** Where the API is, for example `/api`, or `https://alerts.example.com/api`. */
  readonly api: string;
  readonly getToken: GetToken;
  /**
   * A header that carries the token as well, just as `Authorization` does, for hosts that put something of their own
   * there: Azure Static Web Apps does on the way to a linked back end.
   */
  readonly tokenHeader?: string | undefined;
  /** Milliseconds for one attempt, answer included. */
  readonly timeout?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
}

export interface RequestOptions {
  /** Parameters; of several values, with commas between them. What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: number | null;
  readonly text: string;
}

export class Api {
  readonly #base: string;
  readonly #getToken: GetToken;
  readonly #tokenHeader: string | undefined;
  readonly #timeout: number;
  readonly #fetch: typeof fetch;
  #refreshing: Promise<string> | null = null;

  constructor({ api, getToken, tokenHeader, timeout = TIMEOUT, fetch }: ApiOptions) {
    this.#base = api.replace(/\/+$/, "");
    this.#getToken = getToken;
    this.#tokenHeader = tokenHeader;
    this.#timeout = timeout;
    // Looked up at each call: who instruments fetch later is heard, too.
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /**
   * One request, and the JSON of its answer; undefined if that is empty.
   *
   * What the server asks to repeat soon (429 and 503 with `Retry-After`) is repeated, if that can do no harm.
   *
   * Rejects with a `BelfryError`.
   */
  async request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    for (let retries = 0; ; retries += 1) {
      try {
        return (await this.#authorized(method, path, options)) as T;
      } catch (error) {
        const wait = repeatAfter(error);
        if (wait === null || retries === RETRIES || !REPEATABLE.has(method)) throw error;
        await pause(wait * 1000, options.signal);
        options.signal?.throwIfAborted();
      }
    }
  }

  async #authorized(method: Method, path: string, options: RequestOptions): Promise<unknown> {
    let answer = await this.#exchange(method, path, options, await this.#token());
    if (answer.status === 401) {
      answer = await this.#exchange(method, path, options, await this.#freshToken());
      if (answer.status === 401) throw new SignedOutError(refusal(answer).detail);
    }
    return read(answer);
  }

  async #token(): Promise<string> {
    return this.#given(() => this.#getToken({ fresh: false }));
  }

  /** Of requests that are refused at the same time, one fetches the new token for all. */
  async #freshToken(): Promise<string> {
    this.#refreshing ??= this.#given(() => this.#getToken({ fresh: true })).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #given(give: () => Promise<string>): Promise<string> {
    try {
      const token = await give();
      if (token === "") throw new SignedOutError();
      return token;
    } catch (error) {
      if (error instanceof BelfryError) throw error;
      const detail = "There is no token to ask with at the moment.";
      throw new BelfryError({ status: 0, code: NO_TOKEN, detail }, { cause: error });
    }
  }

  async #exchange(method: Method, path: string, options: RequestOptions, token: string): Promise<Answer> {
    const { query, body, signal } = options;
    signal?.throwIfAborted();
    const attempt = new AbortController();
    const abort = (): void => {
      attempt.abort();
    };
    signal?.addEventListener("abort", abort);
    const timer = setTimeout(abort, this.#timeout);
    try {
      const response = await this.#fetch(`${this.#base}${path}${queryString(query)}`, {
        method,
        headers: this.#headers(token, body !== undefined),
        cache: "no-store",
        // The API redirects nowhere; whoever else does should not be handed the token.
        redirect: "manual",
        signal: attempt.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return {
        status: response.status,
        retryAfter: seconds(response.headers.get("Retry-After")),
        text: await response.text(),
      };
    } catch (error) {
      signal?.throwIfAborted();
      const detail = attempt.signal.aborted
        ? `The server did not answer within ${this.#timeout / 1000} s.`
        : "The server could not be reached.";
      throw new BelfryError({ status: 0, code: UNREACHABLE, detail }, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #headers(token: string, withBody: boolean): Record<string, string> {
    const bearer = `Bearer ${token}`;
    return {
      Accept: "application/json, application/problem+json",
      Authorization: bearer,
      ...(this.#tokenHeader === undefined ? {} : { [this.#tokenHeader]: bearer }),
      ...(withBody ? { "Content-Type": "application/json" } : {}),
    };
  }
}

function queryString(query: RequestOptions["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ""
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** `Retry-After` in seconds, from now on; null if it is missing or not understood. */
function seconds(header: string | null): number | null {
  if (header === null) return null;
  const wait = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}

function repeatAfter(error: unknown): number | null {
  if (!(error instanceof BelfryError) || (error.status !== 429 && error.status !== 503)) return null;
  return error.retryAfter !== null && error.retryAfter <= LONGEST_RETRY ? error.retryAfter : null;
}

/** The content of an answer; throws what it says went wrong. */
function read(answer: Answer): unknown {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  if (answer.text === "") return undefined;
  const content = parsed(answer.text);
  if (content === undefined) throw foreign(answer);
  return content;
}

function refusal(answer: Answer): BelfryError {
  const content = parsed(answer.text);
  if (typeof content !== "object" || content === null) return foreign(answer);
  const { code, detail, title } = content as Record<string, unknown>;
  if (typeof code !== "string") return foreign(answer);
  const sentence = typeof detail === "string" ? detail : typeof title === "string" ? title : "";
  return new BelfryError({ status: answer.status, code, detail: sentence }, answer);
}

function foreign(answer: Answer): BelfryError {
  const detail = "Something else than Belfry answered.";
  return new BelfryError({ status: answer.status, code: FOREIGN_ANSWER, detail }, answer);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
