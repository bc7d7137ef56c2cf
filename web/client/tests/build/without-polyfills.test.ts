import { Buffer as NodeBuffer } from "node:buffer";
import { EventEmitter as NodeEventEmitter } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Buffer } from "../../build/buffer.ts";
import EventEmitter from "../../build/events.ts";
import { insteadOf } from "../../build/without-polyfills.ts";

const CLIENT = "/app/node_modules/@azure/web-pubsub-client/dist/browser/webPubSubClient.js";

describe("what the official client needs of Node", () => {
  test("bytes become base64 and come back, as in Node", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = NodeBuffer.from(bytes).toString("base64");
        expect(Buffer.from(bytes.slice().buffer).toString()).toBe(text);
        const { buffer, byteOffset, byteLength } = Buffer.from(text);
        expect(new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength))).toEqual(bytes);
      }),
    );
  });

  test("listeners are called in their order, and those removed are not, as in Node", () => {
    const act = fc.tuple(
      fc.constantFrom("on" as const, "removeListener" as const, "emit" as const),
      fc.constantFrom("connected", "stopped"),
      fc.nat(2),
    );
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        expect(heard(new EventEmitter(), acts)).toEqual(heard(new NodeEventEmitter(), acts));
      }),
    );
  });

  test("other packages get what they ask for", () => {
    expect(insteadOf("events", CLIENT)).toMatch(/events\.ts$/);
    expect(insteadOf("tslib", CLIENT)).toBeUndefined();
    expect(insteadOf("events", "/app/node_modules/other/index.js")).toBeUndefined();
    expect(insteadOf("events", undefined)).toBeUndefined();
  });
});

type Act = readonly ["on" | "removeListener" | "emit", string, number];

function heard(emitter: Pick<NodeEventEmitter, Act[0]> | EventEmitter, acts: readonly Act[]): unknown[] {
  const calls: unknown[] = [];
  const listeners = [0, 1, 2].map((number) => (given: unknown) => calls.push([number, given]));
  acts.forEach(([act, event, number], index) => {
    const listener = listeners[number] ?? (() => undefined);
    if (act === "emit") calls.push(emitter.emit(event, index));
    else emitter[act](event, listener);
  });
  return calls;
}
