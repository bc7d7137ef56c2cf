/** The whole system on this machine: the application itself, between its local services. */

import { spawn, type ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));
const PYTHON = process.env.PYTHON ?? `${REPOSITORY}.venv/bin/python`;
/** Says where everything is, and then kills and starts again what it is told to. */
const PROGRAM = `
import json, sys, tempfile
from pathlib import Path
from emulators.cloud import COMPONENTS, SHOP, Cloud

names = [component.name for component in COMPONENTS if component.name != SHOP]
with Cloud(names, free_ports=True, logs=Path(tempfile.mkdtemp())) as cloud:
    print(json.dumps(cloud.urls), flush=True)
    for line in sys.stdin:
        cloud.restart(line.strip())
        print("done", flush=True)
`;

export class System {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #urls: Readonly<Record<string, string>>;

  private constructor(process: ChildProcess, lines: Interface, urls: Readonly<Record<string, string>>) {
    this.#process = process;
    this.#lines = lines;
    this.#urls = urls;
  }

  static async start(): Promise<System> {
    const child = spawn(PYTHON, ["-c", PROGRAM], { cwd: REPOSITORY, stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface(child.stdout);
    const line = await nextLine(lines, child);
    return new System(child, lines, JSON.parse(line) as Record<string, string>);
  }

  get api(): string {
    return `${this.#urls.functions_host ?? ""}/api`;
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin?.end();
    await exited;
  }

  /** Kill a service, and start it again. */
  async restart(name: string): Promise<void> {
    const done = nextLine(this.#lines, this.#process);
    this.#process.stdin?.write(`${name}\n`);
    await done;
  }

  async token(user: string, roles = ""): Promise<string> {
    const body = new URLSearchParams({ user, roles });
    const response = await fetch(`${this.#urls.identity ?? ""}/token`, { method: "POST", body });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  /** Send alerts, as a producer. */
  async send(...alerts: readonly Record<string, unknown>[]): Promise<void> {
    const response = await fetch(`${this.api}/alerts`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${await this.token("producer", "Alerts.Send")}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify(alerts),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  }
}

function nextLine(lines: Interface, process: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.once("line", resolve);
    process.once("exit", () => {
      reject(new Error("the system ended"));
    });
  });
}
