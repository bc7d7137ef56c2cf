import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Api } from "../src/api.ts";
import type { ApiOptions, GetToken } from "../src/api.ts";
import { BelfryError, SignedOutError } from "../src/errors.ts";

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | null;
}

type Answering = (sent: Sent, signal: AbortSignal) => Response | Promise<Response>;

/** An API whose server gives these answers, one after the other, the last one for ever. */
function apiWith(
  answers: readonly Answering[],
  options: Partial<ApiOptions> = {},
): { api: Api; sent: Sent[] } {
  const sent: Sent[] = [];
  const api = new Api({
    api: "https://shop.example/api/",
    getToken: () => Promise.resolve("token"),
    ...options,
    fetch: async (input, init) => {
      const request = {
        method: init?.method ?? "",
        url: input as string,
        headers: new Headers(init?.headers),
        body: (init?.body ?? null) as string | null,
      };
      sent.push(request);
      const answering = answers[Math.min(sent.length, answers.length) - 1];
      if (answering === undefined || !init?.signal) throw new Error("no answer is arranged");
      return answering(request, init.signal);
    },
  });
  return { api, sent };
}

const json =
  (content: unknown, status = 200, headers: Record<string, string> = {}): Answering =>
  () =>
    Response.json(content, { status, headers });

const problem = (status: number, code: string, headers: Record<string, string> = {}): Answering =>
  json({ type: `urn:belfry:problem:${code}`, title: "Short.", status, code, detail: "Long." }, status, {
    ...headers,
    "Content-Type": "application/problem+json",
  });

const page =
  (status: number): Answering =>
  () =>
    new Response("<h1>Welcome to the hotel</h1>", { status, headers: { "Content-Type": "text/html" } });

const silence: Answering = (_sent, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });

const failure = async (promise: Promise<unknown>): Promise<BelfryError> => {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BelfryError);
  return error as BelfryError;
};

describe("a request", () => {
  test("carries the token, its parameters and its content", async () => {
    const { api, sent } = apiWith([json({ ok: true })]);
    const query = { limit: 5, unread: true, severity: ["warning", "critical"], before: undefined };
    expect(await api.request("POST", "/alerts", { query, body: { read: true } })).toEqual({ ok: true });
    expect(sent).toHaveLength(1);
    const [{ method, url, headers, body }] = sent as [Sent];
    expect(method).toBe("POST");
    expect(decodeURIComponent(url)).toBe(
      "https://shop.example/api/alerts?limit=5&unread=true&severity=warning,critical",
    );
    expect(headers.get("Authorization")).toBe("Bearer token");
    expect(headers.get("Accept")).toContain("application/json");
    expect(headers.get("Content-Type")).toBe("application/json");
    expect(body).toBe('{"read":true}');
  });

  test("says nothing of a content that it does not have", async () => {
    const { api, sent } = apiWith([json([])]);
    await api.request("GET", "/subscriptions");
    expect(sent[0]?.headers.has("Content-Type")).toBe(false);
    expect(sent[0]?.url).toBe("https://shop.example/api/subscriptions");
  });

  test("carries the token in another header as well, if asked to", async () => {
    const { api, sent } = apiWith([json([])], { tokenHeader: "X-Authorization" });
    await api.request("GET", "/devices");
    expect(sent[0]?.headers.get("X-Authorization")).toBe("Bearer token");
    expect(sent[0]?.headers.get("Authorization")).toBe("Bearer token");
  });

  test("gives undefined when the answer is empty", async () => {
    const { api } = apiWith([() => new Response(null, { status: 204 })]);
    expect(await api.request("DELETE", "/me")).toBeUndefined();
  });
});

describe("what goes wrong", () => {
  test("in the API's own words has its code and its sentence, and does not pass", async () => {
    const { api } = apiWith([problem(409, "card-revised")]);
    const error = await failure(api.request("PATCH", "/alerts/x", { body: {} }));
    expect(error).toMatchObject({ status: 409, code: "card-revised", detail: "Long.", passing: false });
    expect(error).not.toBeInstanceOf(SignedOutError);
  });

  test.each([200, 403, 404, 502])(
    "as a stranger's page with status %i is nobody's refusal",
    async (status) => {
      const { api } = apiWith([page(status)]);
      const error = await failure(api.request("GET", "/alerts"));
      expect(error).toMatchObject({ status, code: "foreign-answer", passing: true });
    },
  );

  test.each([[null], [[]], ["no"], [{ Message: "Function host is not running." }]])(
    "with JSON that is no problem document (%j) is nobody's refusal",
    async (content) => {
      const { api } = apiWith([json(content, 500)]);
      expect(await failure(api.request("GET", "/alerts"))).toMatchObject({
        status: 500,
        code: "foreign-answer",
      });
    },
  );

  test("without any answer is unreachable, and passes", async () => {
    const { api } = apiWith([
      () => {
        throw new TypeError("Failed to fetch");
      },
    ]);
    const error = await failure(api.request("GET", "/alerts"));
    expect(error).toMatchObject({ status: 0, code: "unreachable", passing: true });
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("is not called unreachable when the caller gave up", async () => {
    const { api } = apiWith([silence]);
    const caller = new AbortController();
    const request = api.request("GET", "/alerts", { signal: caller.signal });
    caller.abort();
    await expect(request).rejects.toBe(caller.signal.reason);
  });
});

describe("a token that is refused", () => {
  const tokens = (...given: string[]): { getToken: GetToken; asked: boolean[] } => {
    const asked: boolean[] = [];
    return {
      asked,
      getToken: ({ fresh }) => {
        asked.push(fresh);
        return Promise.resolve(fresh ? (given[1] ?? "") : (given[0] ?? ""));
      },
    };
  };
  const good =
    (wanted: string): Answering =>
    (sent, signal) =>
      sent.headers.get("Authorization") === `Bearer ${wanted}`
        ? json({ ok: true })(sent, signal)
        : problem(401, "unauthenticated")(sent, signal);

  test("is replaced by a fresh one, once", async () => {
    const { getToken, asked } = tokens("old", "new");
    const { api, sent } = apiWith([good("new")], { getToken });
    expect(await api.request("POST", "/negotiate")).toEqual({ ok: true });
    expect(asked).toEqual([false, true]);
    expect(sent).toHaveLength(2);
  });

  test("twice means that the person is signed out", async () => {
    const { getToken } = tokens("old", "no better");
    const { api, sent } = apiWith([good("new")], { getToken });
    const error = await failure(api.request("GET", "/alerts"));
    expect(error).toBeInstanceOf(SignedOutError);
    expect(error).toMatchObject({ status: 401, code: "unauthenticated", passing: false });
    expect(sent).toHaveLength(2);
  });

  test("by many requests at a time is replaced by one that is fetched once", async () => {
    let token = "old";
    let fetched = 0;
    const getToken: GetToken = async ({ fresh }) => {
      if (fresh) {
        fetched += 1;
        await Promise.resolve();
        token = "new";
      }
      return token;
    };
    const { api } = apiWith([good("new")], { getToken });
    await Promise.all([1, 2, 3, 4].map(() => api.request("GET", "/alerts")));
    expect(fetched).toBe(1);
  });

  test("is not sent at all if there is none", async () => {
    const { api, sent } = apiWith([json([])], { getToken: () => Promise.resolve("") });
    expect(await failure(api.request("GET", "/alerts"))).toBeInstanceOf(SignedOutError);
    expect(sent).toHaveLength(0);
  });

  test("has nothing to do with an issuer that is down: that passes", async () => {
    const { api } = apiWith([json([])], { getToken: () => Promise.reject(new TypeError("Failed to fetch")) });
    expect(await failure(api.request("GET", "/alerts"))).toMatchObject({ code: "no-token", passing: true });
  });

  test("ends with the session if the app says so", async () => {
    const signedOut = new SignedOutError("The session is over.");
    const getToken: GetToken = ({ fresh }) => (fresh ? Promise.reject(signedOut) : Promise.resolve("old"));
    const { api } = apiWith([good("new")], { getToken });
    expect(await failure(api.request("GET", "/alerts"))).toBe(signedOut);
  });
});

describe("with time,", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test("a server that stays silent is unreachable", async () => {
    const { api } = apiWith([silence], { timeout: 2_000 });
    const failed = failure(api.request("GET", "/alerts"));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await failed).toMatchObject({ status: 0, code: "unreachable" });
  });

  test("a server that stops in the middle of its answer is unreachable", async () => {
    const stuck: Answering = (_sent, signal) => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"alerts": ['));
          signal.addEventListener("abort", () => {
            controller.error(signal.reason);
          });
        },
      });
      return new Response(body);
    };
    const { api } = apiWith([stuck], { timeout: 2_000 });
    const failed = failure(api.request("GET", "/alerts"));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await failed).toMatchObject({ status: 0, code: "unreachable" });
  });

  test("a server that is busy is asked again when it said, if that can do no harm", async () => {
    const { api, sent } = apiWith([problem(503, "unavailable", { "Retry-After": "5" }), json({ ok: true })]);
    const answered = api.request("GET", "/alerts");
    await vi.advanceTimersByTimeAsync(4_900);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(await answered).toEqual({ ok: true });
  });

  test("it is not asked for ever", async () => {
    const { api, sent } = apiWith([problem(429, "unavailable", { "Retry-After": "1" })]);
    const failed = failure(api.request("PUT", "/preferences", { body: {} }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await failed).toMatchObject({ status: 429, retryAfter: 1, passing: true });
    expect(sent).toHaveLength(3);
  });

  test.each([
    ["POST", "1"],
    ["PATCH", "1"],
    ["GET", "3600"],
  ] as const)("%s with Retry-After: %s is left to the caller", async (method, header) => {
    const { api, sent } = apiWith([problem(503, "unavailable", { "Retry-After": header })]);
    const error = await failure(api.request(method, "/alerts"));
    expect(error.retryAfter).toBe(Number(header));
    expect(sent).toHaveLength(1);
  });

  test("a date in Retry-After counts from now", async () => {
    vi.setSystemTime("2026-11-20T08:00:00Z");
    const { api } = apiWith([
      problem(503, "unavailable", { "Retry-After": "Fri, 20 Nov 2026 08:02:00 GMT" }),
    ]);
    expect((await failure(api.request("GET", "/alerts"))).retryAfter).toBe(120);
  });

  test("who gives up while a request waits to be repeated is heard at once", async () => {
    const { api, sent } = apiWith([problem(503, "unavailable", { "Retry-After": "5" })]);
    const caller = new AbortController();
    const request = api.request("GET", "/alerts", { signal: caller.signal });
    const failed = request.catch((reason: unknown) => reason);
    await vi.advanceTimersByTimeAsync(1_000);
    caller.abort();
    expect(await failed).toBe(caller.signal.reason);
    expect(sent).toHaveLength(1);
  });
});
