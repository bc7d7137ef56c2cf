/**
 * A browser with many tabs, played: locks, channels, time, and what happens to tabs.
 *
 * All that reaches a tab comes as a task. A frozen tab does its tasks when it thaws, one that crashed never does.
 */

import type { Page } from "../src/page.ts";
import type { Browser, Channel } from "../src/tabs.ts";
import type { Unsubscribe } from "../src/types.ts";

type Task = () => void;

/** One request for a lock. */
interface LockRequest {
  readonly tab: Tab;
  readonly callback: (lock: Lock | null) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Timer {
  readonly tab: Tab;
  readonly callback: Task;
  /** Null: once. */
  readonly interval: number | null;
  due: number;
}

export class World {
  now = 0;
  readonly tabs: Tab[] = [];
  readonly timers = new Set<Timer>();
  /** The tasks of tabs that are awake, in order. */
  readonly tasks: Task[] = [];
  #holder: LockRequest | null = null;
  readonly #waiting: LockRequest[] = [];

  open(visible: boolean): Tab {
    const tab = new Tab(this, visible);
    this.tabs.push(tab);
    return tab;
  }

  /** Do all there is to do. */
  async settle(): Promise<void> {
    do {
      this.tasks.shift()?.();
      // After each task a browser does all that was promised.
      await new Promise(setImmediate);
    } while (this.tasks.length > 0);
  }

  async pass(milliseconds: number): Promise<void> {
    await this.settle();
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.tab.awake && timer.due <= end);
      const next = due.reduce<Timer | null>(
        (first, timer) => (first && first.due <= timer.due ? first : timer),
        null,
      );
      if (next === null) break;
      this.now = Math.max(this.now, next.due);
      this.#fire(next);
      await this.settle();
    }
    this.now = end;
  }

  /** The machine sleeps: when it wakes, what was due is late, and timers may be faster than other tabs' messages. */
  async sleep(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    for (const timer of [...this.timers]) {
      if (timer.due <= this.now && timer.tab.awake && this.timers.has(timer)) this.#fire(timer);
    }
    await this.settle();
  }

  #fire(timer: Timer): void {
    if (timer.interval === null) this.timers.delete(timer);
    else timer.due = this.now + timer.interval;
    timer.callback();
  }

  // Web Locks, of one name

  request(request: LockRequest, options: LockOptions): void {
    if (options.ifAvailable && this.#holder !== null) {
      request.tab.task(() => {
        request.resolve(request.callback(null));
      });
    } else if (options.steal) {
      const robbed = this.#holder;
      robbed?.tab.task(() => {
        robbed.reject(new DOMException("The lock was stolen.", "AbortError"));
      });
      this.#grant(request);
    } else {
      this.#waiting.push(request);
      options.signal?.addEventListener("abort", () => {
        if (!this.#leave(request)) return;
        request.tab.task(() => {
          request.reject(options.signal?.reason);
        });
      });
      this.#next();
    }
  }

  /** What the browser does with the locks of a tab that is gone. */
  forget(tab: Tab): void {
    for (const request of this.#waiting.filter((waiting) => waiting.tab === tab)) this.#leave(request);
    if (this.#holder?.tab === tab) this.#release(this.#holder);
  }

  #leave(request: LockRequest): boolean {
    const place = this.#waiting.indexOf(request);
    if (place >= 0) this.#waiting.splice(place, 1);
    return place >= 0;
  }

  #grant(request: LockRequest): void {
    this.#holder = request;
    request.tab.task(() => {
      void Promise.resolve(request.callback({ name: "", mode: "exclusive" })).then((result) => {
        this.#release(request);
        request.resolve(result);
      });
    });
  }

  #release(request: LockRequest): void {
    if (this.#holder !== request) return;
    this.#holder = null;
    this.#next();
  }

  #next(): void {
    if (this.#holder !== null) return;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#grant(next);
  }
}

export class Tab implements Page {
  readonly browser: Browser;
  visible: boolean;
  awake = true;
  alive = true;
  /** Kept by the browser while the person is on another page. */
  left = false;
  readonly #world: World;
  readonly #wakes = new Set<Task>();
  readonly #leaves = new Set<Task>();
  readonly #channels = new Set<{ readonly name: string; readonly channel: Channel }>();
  #later: Task[] = [];

  constructor(world: World, visible: boolean) {
    this.#world = world;
    this.visible = visible;
    this.browser = {
      locks: { request: this.#request.bind(this) as LockManager["request"] },
      openChannel: (name) => this.#openChannel(name),
      page: this,
      now: () => world.now,
      after: (milliseconds, callback) => this.#timer(milliseconds, callback, null),
      every: (milliseconds, callback) => this.#timer(milliseconds, callback, milliseconds),
    };
  }

  onWake(listener: Task): Unsubscribe {
    return member(this.#wakes, listener);
  }

  onLeave(listener: Task): Unsubscribe {
    return member(this.#leaves, listener);
  }

  task(task: Task): void {
    if (!this.alive) return;
    if (this.awake)
      this.#world.tasks.push(() => {
        // It may have been frozen, or have crashed, meanwhile.
        if (this.awake && this.alive) task();
        else this.task(task);
      });
    else this.#later.push(task);
  }

  freeze(): void {
    this.awake = false;
  }

  thaw(): void {
    if (this.left) return;
    this.awake = true;
    const later = this.#later;
    this.#later = [];
    for (const task of later) this.task(task);
  }

  hide(): void {
    this.visible = false;
  }

  show(): void {
    this.left = false;
    this.thaw();
    this.visible = true;
    this.task(() => {
      for (const listener of this.#wakes) listener();
    });
  }

  /** The person goes to another page: this one is kept, to be shown again if they go back. */
  leave(): void {
    for (const listener of this.#leaves) listener();
    this.left = true;
    this.hide();
    this.freeze();
  }

  /** It crashes, or is closed. */
  crash(): void {
    this.alive = false;
    this.awake = false;
    for (const timer of this.#world.timers) if (timer.tab === this) this.#world.timers.delete(timer);
    this.#channels.clear();
    this.#world.forget(this);
  }

  #request(_name: string, options: LockOptions, callback: LockRequest["callback"]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#world.request({ tab: this, callback, resolve, reject }, options);
    });
  }

  #openChannel(name: string): Channel {
    const channel: Channel = {
      onmessage: null,
      postMessage: (message: unknown) => {
        for (const tab of this.#world.tabs) if (tab !== this) tab.#deliver(name, structuredClone(message));
      },
      close: () => {
        this.#channels.delete(opened);
      },
    };
    const opened = { name, channel };
    this.#channels.add(opened);
    return channel;
  }

  #deliver(name: string, message: unknown): void {
    for (const opened of this.#channels) {
      if (opened.name !== name) continue;
      this.task(() => {
        if (!this.#channels.has(opened)) return;
        const deliver = opened.channel.onmessage as ((event: { data: unknown }) => void) | null;
        deliver?.({ data: message });
      });
    }
  }

  #timer(milliseconds: number, callback: Task, interval: number | null): Task {
    const timer: Timer = { tab: this, callback, interval, due: this.#world.now + milliseconds };
    return member(this.#world.timers, timer);
  }
}

function member<T>(members: Set<T>, one: T): Task {
  members.add(one);
  return () => {
    members.delete(one);
  };
}
