import { expect, test } from "vitest";
test("a", () => {
  expect(document.body).toBeTruthy();
});
