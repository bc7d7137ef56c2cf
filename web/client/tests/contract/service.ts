/** The local Web PubSub service as a process of its own, and what its operators and producers do with it. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));
const PYTHON = process.env.PYTHON ?? `${REPOSITORY}.venv/bin/python`;
/** The public key of Microsoft's own emulator. */
const KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH";
const HUB = "belfry";
const API_VERSION = "2024-12-01";

export interface Statistics {
  readonly openConnections: number;
  readonly recoveringConnections: number;
}

export class Service {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Start it, and wait until it is ready; at a free port, unless told which. */
  static async start(port = 0): Promise<Service> {
    const options = ["--until-stdin-closes", "--ephemeral", "--port", String(port)];
    const child = spawn(PYTHON, ["-m", "emulators.web_pubsub", ...options], {
      cwd: REPOSITORY,
      stdio: ["pipe", "pipe", "inherit"],
    });
    for await (const line of createInterface(child.stdout)) {
      const url = / ready at (\S+)$/.exec(line)?.[1];
      if (url !== undefined) return new Service(url, child);
    }
    throw new Error("the service ended before it was ready");
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Kill it: all connections break. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }

  /** A client address, as `negotiate` gives it; good for some seconds from now, or by way of a relay. */
  address(user: string, { seconds = 3600, groups = [] as string[], via = this.url } = {}): string {
    const audience = `${via}/client/hubs/${HUB}`;
    const token = jwt({ aud: audience, sub: user, "webpubsub.group": groups }, seconds);
    return `${audience.replace("http", "ws")}?access_token=${token}`;
  }

  /** Send a frame to all connections of a user, or of a group. */
  async send(target: `users/${string}` | `groups/${string}`, content: unknown): Promise<void> {
    const url = `${this.url}/api/hubs/${HUB}/${target}/:send?api-version=${API_VERSION}`;
    const response = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Bearer ${jwt({ aud: url }, 60)}`, "Content-Type": "application/json" },
      body: JSON.stringify(content),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  }

  /** Whether a user counts as connected. */
  async isConnected(user: string): Promise<boolean> {
    const url = `${this.url}/api/hubs/${HUB}/users/${user}?api-version=${API_VERSION}`;
    const headers = { Authorization: `Bearer ${jwt({ aud: url }, 60)}` };
    return (await fetch(url, { method: "HEAD", headers })).ok;
  }

  async statistics(): Promise<Statistics> {
    return (await (await fetch(`${this.url}/_statistics`)).json()) as Statistics;
  }
}

function jwt(claims: Record<string, unknown>, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const content = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ ...claims, exp: now + seconds })}`;
  return `${content}.${createHmac("sha256", KEY).update(content).digest("base64url")}`;
}
