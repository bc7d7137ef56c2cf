import { describe, expect, test } from "vitest";
import { severityOf, ToastStack } from "../src/toast-stack.ts";
import { card } from "./fake.ts";

/** What the toasts say, newest first; a crowd by its number. */
function told(stack: ToastStack): (string | number)[] {
  return stack.toasts.map((toast) => toast.crowd?.size ?? toast.card.title);
}

describe("how long they stay", () => {
  test("information and success stay for six seconds, warnings for ten, what is critical until it is dismissed", () => {
    const stack = new ToastStack();
    stack.arrive(card({ title: "info" }), 0);
    stack.arrive(card({ title: "success", severity: "success" }), 0);
    stack.arrive(card({ title: "warning", severity: "warning" }), 0);
    stack.arrive(card({ title: "critical", severity: "critical" }), 0);
    expect(stack.due).toBe(6000);
    stack.expire(5999);
    expect(told(stack)).toEqual(["critical", "warning", "success", "info"]);
    stack.expire(6000);
    expect(told(stack)).toEqual(["critical", "warning"]);
    stack.expire(10_000);
    expect(told(stack)).toEqual(["critical"]);
    expect(stack.due).toBeNull();
    stack.expire(1e12);
    stack.dismiss(stack.toasts[0]?.id ?? -1);
    expect(told(stack)).toEqual([]);
  });

  test("their time stands still while they are looked at, also of those that come then", () => {
    const stack = new ToastStack();
    stack.arrive(card({ title: "before" }), 0);
    stack.pause(1000);
    stack.arrive(card({ title: "meanwhile" }), 50_000);
    expect(stack.due).toBeNull();
    stack.expire(100_000);
    expect(told(stack)).toEqual(["meanwhile", "before"]);
    stack.resume(100_000);
    expect(stack.due).toBe(105_000);
    stack.expire(105_000);
    expect(told(stack)).toEqual(["meanwhile"]);
    expect(stack.due).toBe(106_000);
  });

  test("who has just looked away has two seconds to look again", () => {
    const stack = new ToastStack();
    stack.arrive(card(), 0);
    stack.pause(5900);
    stack.resume(9000);
    expect(stack.due).toBe(11_000);
  });
});

describe("a newer revision", () => {
  test("replaces the toast where it stands, with its time anew", () => {
    const stack = new ToastStack();
    stack.arrive(card({ thread: "order", title: "Packed" }), 0);
    stack.arrive(card({ title: "Something else" }), 2000);
    const { id } = stack.toasts[1] ?? {};
    stack.arrive(card({ thread: "order", title: "Shipped" }), 4000);
    expect(told(stack)).toEqual(["Something else", "Shipped"]);
    expect(stack.toasts[1]?.id).toBe(id);
    stack.expire(9999);
    expect(told(stack)).toEqual(["Shipped"]);
    expect(stack.due).toBe(10_000);
  });

  test("that is more serious comes to the front, unless somebody looks at them", () => {
    const stack = new ToastStack();
    stack.arrive(card({ thread: "disk", title: "Disk: 80 %" }), 0);
    stack.arrive(card({ title: "Something else" }), 2000);
    stack.pause(3000);
    stack.arrive(card({ thread: "disk", title: "Disk: 90 %", severity: "warning" }), 3000);
    expect(told(stack)).toEqual(["Something else", "Disk: 90 %"]);
    stack.resume(3000);
    stack.arrive(card({ thread: "disk", title: "Disk: 99 %", severity: "critical" }), 3000);
    expect(told(stack)).toEqual(["Disk: 99 %", "Something else"]);
  });

  test("that is no longer critical leaves by itself", () => {
    const stack = new ToastStack();
    stack.arrive(card({ thread: "payments", severity: "critical" }), 0);
    expect(stack.due).toBeNull();
    stack.arrive(card({ thread: "payments", severity: "success" }), 100_000);
    expect(stack.due).toBe(106_000);
  });
});

describe("a flood", () => {
  test("of more than three a second is told as a number", () => {
    const stack = new ToastStack();
    for (let index = 0; index < 15; index += 1) {
      stack.arrive(card({ title: `${index}` }), index * 20);
    }
    expect(told(stack)).toEqual([12, "2", "1", "0"]);
    stack.expire(6280);
    expect(told(stack), "the crowd stays as long as its newest").toEqual([]);
  });

  test("does not hide what is critical, also of what is in the crowd already", () => {
    const stack = new ToastStack();
    for (let index = 0; index < 5; index += 1) {
      stack.arrive(card({ title: `${index}` }), 0);
    }
    stack.arrive(card({ thread: "disk" }), 0);
    stack.arrive(card({ title: "Fire", severity: "critical" }), 0);
    expect(told(stack)).toEqual(["Fire", 3, "2", "1", "0"]);
    stack.arrive(card({ thread: "disk", title: "Disk full", severity: "critical" }), 0);
    expect(told(stack)).toEqual(["Disk full", "Fire", 2, "2", "1", "0"]);
  });

  test("of critical ones has ten toasts, and a crowd that stays and says how serious it is", () => {
    const stack = new ToastStack();
    for (let index = 0; index < 200; index += 1) {
      stack.arrive(card({ severity: "critical", title: `${index}` }), index * 20);
    }
    expect(stack.toasts).toHaveLength(11);
    expect(told(stack)[0]).toBe(190);
    const [crowd] = stack.toasts;
    expect(crowd && severityOf(crowd)).toBe("critical");
    expect(stack.due).toBeNull();
  });

  test("of revisions of one thread is one toast", () => {
    const stack = new ToastStack();
    for (let index = 0; index < 500; index += 1) {
      stack.arrive(card({ thread: "build", title: `${index} %` }), index * 20);
    }
    expect(told(stack)).toEqual(["499 %"]);
  });

  test("is over when a second passes without one", () => {
    const stack = new ToastStack();
    for (let index = 0; index < 5; index += 1) {
      stack.arrive(card({ title: `${index}` }), 0);
    }
    stack.arrive(card({ title: "later" }), 1000);
    expect(told(stack)).toEqual(["later", 2, "2", "1", "0"]);
  });
});

test("what is dealt with leaves, of a crowd as well, and the crowd with its last", () => {
  const stack = new ToastStack();
  const all = Array.from({ length: 5 }, (_, index) => card({ title: `${index}` }));
  for (const each of all) {
    stack.arrive(each, 0);
  }
  expect(stack.sweep(({ title }) => title === "3" || title === "0")).toBe(true);
  expect(told(stack)).toEqual([1, "2", "1"]);
  expect(stack.sweep(() => false)).toBe(false);
  expect(stack.sweep(({ title }) => title === "4")).toBe(true);
  expect(told(stack)).toEqual(["2", "1"]);
});
