import { expect, test } from "vitest";
import { Dispatch } from "../src/dispatch.ts";
import { single } from "../src/stories.ts";

test("what could not be taken back was sent all the same, and can be tried again", async () => {
  let refusal: Error | null = null;
  const dispatch = new Dispatch(
    () => (refusal ? Promise.reject(refusal) : Promise.resolve()),
    () => undefined,
  );
  const latest = (): (typeof dispatch.sent)[number] => {
    const [entry] = dispatch.sent;
    if (!entry) throw new Error("Nothing was sent.");
    return entry;
  };
  await dispatch.send(single("info", "one", "everyone"));
  refusal = new Error("The server is away.");
  await dispatch.retract(latest());
  expect(latest()).toMatchObject({ state: "sent", problem: "The server is away." });
  refusal = null;
  await dispatch.retract(latest());
  expect(latest()).toMatchObject({ state: "retracted", problem: "" });
});

test("what is refused says why, and nothing else is lost by it", async () => {
  const dispatch = new Dispatch(
    ({ id }) => (id === "two" ? Promise.reject(new Error("Too long.")) : Promise.resolve()),
    () => undefined,
  );
  for (const id of ["one", "two"]) await dispatch.send(single("info", id, "everyone"));
  expect(dispatch.sent).toMatchObject([
    { id: "two", state: "refused", problem: "Too long." },
    { id: "one", state: "sent", problem: "" },
  ]);
});
