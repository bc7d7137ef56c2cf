/** A network between client and service, which can be broken. */

import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** What happens to who connects. */
type Way = "through" | "refused" | "held";

export class Relay {
  /** For connections to come. */
  way: Way = "through";
  /** How many there were. */
  connections = 0;
  readonly #target: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #held = new Set<Socket>();

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => {
      this.connections += 1;
      if (this.way === "refused") near.destroy();
      else if (this.way === "held") this.#hold(near);
      else this.#join(near);
    });
  }

  static async start(target: number): Promise<Relay> {
    const relay = new Relay(target);
    relay.#server.listen(0, "localhost");
    await once(relay.#server, "listening");
    return relay;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections there are, held ones included. */
  get open(): number {
    return this.#pairs.size + this.#held.size;
  }

  /** Break all connections without a word, as a network does. */
  break(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** From now on nothing passes through the connections that there are, and nobody is told. */
  swallow(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.unpipe().on("data", () => undefined);
  }

  /** Let those go on that were held. */
  release(): void {
    for (const near of this.#held) this.#join(near.resume());
    this.#held.clear();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.break();
    for (const near of this.#held) near.destroy();
    await closed;
  }

  #hold(near: Socket): void {
    near.pause();
    near.on("error", () => undefined);
    near.on("close", () => this.#held.delete(near));
    this.#held.add(near);
  }

  #join(near: Socket): void {
    const far = connect(this.#target, "localhost");
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}
