import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LiveConnection } from "../../src/live.ts";
import type { Frame, LiveStatus } from "../../src/live.ts";
import { Service } from "./service.ts";

let service: Service;

beforeEach(async () => {
  service = await Service.start();
});

afterEach(async () => {
  await service.kill();
});

test("frames for the person, and for their groups, arrive", async () => {
  const frames: Frame[] = [];
  const statuses: LiveStatus[] = [];
  const live = new LiveConnection({
    address: () => Promise.resolve(service.address("ada", { groups: ["cooks"] })),
    onFrame: (frame) => frames.push(frame),
    onReturn: () => Promise.resolve(),
    onStatus: (status) => statuses.push(status),
  });
  live.open();
  await vi.waitFor(() => {
    expect(statuses).toEqual(["live"]);
  }, 10_000);
  await service.send("users/ada", { type: "alerts", alerts: [] });
  await service.send("groups/cooks", { type: "marks" });
  await vi.waitFor(() => {
    expect(frames).toEqual([{ type: "alerts", alerts: [] }, { type: "marks" }]);
  }, 10_000);
  live.close();
});
