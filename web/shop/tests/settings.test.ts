import { expect, test } from "vitest";
import { readSettings } from "../src/settings.ts";

const GIVEN = { issuer: "https://login.example", clientId: "shop", scope: "openid", api: "/api" };

test("a deployment without a page of phones, hints and a header for the token is complete", () => {
  expect(readSettings(GIVEN)).toEqual({
    ...GIVEN,
    tokenHeader: null,
    hub: null,
    hints: { customer: null, office: null },
  });
});

test.each(["issuer", "clientId", "scope", "api"])("without %s the error names it", (key) => {
  expect(() => readSettings({ ...GIVEN, [key]: undefined })).toThrow(key);
});

test("what is no object is refused", () => {
  expect(() => readSettings(["issuer"])).toThrow("/shop.json");
});
