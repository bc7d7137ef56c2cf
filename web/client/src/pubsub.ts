/** One connection to Azure Web PubSub. The only place that knows the official client. */

import { WebPubSubClient, WebPubSubJsonReliableProtocol } from "@azure/web-pubsub-client";
import type { WebPubSubClientProtocol } from "@azure/web-pubsub-client";

/** Milliseconds between two pings. The service answers each, so a connection that is well is never silent for long. */
export const PING_INTERVAL = 15_000;
/** A WebSocket's close code (RFC 6455, 7.4.1). */
const NORMAL_CLOSURE = 1_000;
/** Milliseconds between two attempts to end a client that is busy connecting. */
const STOP_INTERVAL = 1_000;

/** A message of the server. */
export type Frame = Readonly<Record<string, unknown>>;

export interface LineListener {
  /** Called with each frame. What is no object is ignored. */
  onFrame(frame: Frame): void;
  /** Called with each sign of life, frames and answers to pings alike. */
  onHeard(): void;
}

/** A connection. */
export interface Line {
  /** Resolves when it is lost for good, and cannot be recovered. Perhaps never: an attempt to recover it can hang. */
  readonly ended: Promise<void>;
  /**
   * End it. No frame is handed on from then on.
   *
   * @param atOnce - the person counts as not connected from now on. Else that takes half a minute, and who comes from one
   *     page to the next is connected all the while.
   */
  close(atOnce?: boolean): void;
}

/**
 * Connect; rejects when that fails, or the signal is aborted. Then nothing stays open.
 *
 * @param address - with the access token in it: never log it.
 */
export type Connect = (address: string, listener: LineListener, signal: AbortSignal) => Promise<Line>;

/**
 * Connect with the official client, which recovers a broken connection without a loss, for half a minute.
 *
 * It is not told to do more: to reconnect it would need a new address, and it has no end to that and no jitter.
 */
export const connect: Connect = async (address, listener, signal) => {
  const client = new WebPubSubClient(address, {
    protocol: heard(listener),
    autoReconnect: false,
    keepAliveIntervalInMs: PING_INTERVAL,
    // Silence is watched by who uses the line, and sooner. This one takes two minutes and more to notice.
    keepAliveTimeoutInMs: 0,
  });
  const received = ({ message }: { message: { data: unknown } }): void => {
    if (isFrame(message.data)) listener.onFrame(message.data);
  };
  // What goes to a group comes as a group's message, though no client may send one.
  client.on("group-message", received);
  client.on("server-message", received);
  const stopped = new Promise<void>((resolve) => {
    client.on("stopped", () => {
      resolve();
    });
  });
  const started = client.start();
  const close = (atOnce = false): void => {
    client.off("group-message", received);
    client.off("server-message", received);
    stop(client, started, stopped, atOnce);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      client.on("connected", () => {
        resolve();
      });
      signal.addEventListener("abort", reject, { once: true });
      started.catch(reject);
      void stopped.then(reject);
    });
  } catch {
    // The reasons are events, in browsers, which say nothing, and can name the address, elsewhere.
    close();
    throw new Error("The live connection could not be opened.");
  }
  return { ended: stopped, close };
};

/**
 * End a client.
 *
 * Its `stop` does nothing while a socket is on its way, the first or one to recover: that would be opened later, and
 * kept, by nobody's wish. So it is told again until it has stopped.
 */
function stop(
  client: WebPubSubClient,
  started: Promise<void>,
  stopped: Promise<void>,
  atOnce: boolean,
): void {
  const end = (): void => {
    if (atOnce) closeForGood(client);
    client.stop();
  };
  const again = setInterval(end, STOP_INTERVAL);
  const done = (): void => {
    clearInterval(again);
  };
  void stopped.then(done);
  started.then(end, done);
  end();
}

/** What the official client keeps to itself. */
interface Innards {
  readonly _wsClient?: { close(code?: number): void };
}

/**
 * Have a client close its socket with a code, when it does.
 *
 * It gives none, and without one the service keeps the connection for half a minute, in case it is taken up again: 1000
 * alone is taken for the end. It has no option for that. Should a version of it keep its socket elsewhere, the half
 * minute is back, and nothing else is lost.
 */
function closeForGood(client: WebPubSubClient): void {
  const socket = (client as unknown as Innards)._wsClient;
  if (socket === undefined) return;
  const close = socket.close.bind(socket);
  socket.close = () => {
    close(NORMAL_CLOSURE);
  };
}

/** The protocol with an ear: all that comes passes through it, also what the client keeps to itself. */
function heard(listener: LineListener): WebPubSubClientProtocol {
  const protocol = WebPubSubJsonReliableProtocol();
  return {
    name: protocol.name,
    isReliableSubProtocol: protocol.isReliableSubProtocol,
    writeMessage: (message) => protocol.writeMessage(message),
    parseMessages(input) {
      listener.onHeard();
      try {
        return protocol.parseMessages(input);
      } catch {
        // Thrown from here it would end in the window's error handler, or the process.
        return null;
      }
    },
  };
}

function isFrame(data: unknown): data is Frame {
  return typeof data === "object" && data !== null && !Array.isArray(data) && !(data instanceof ArrayBuffer);
}
