import { expect, test } from "vitest";

import { accountOf } from "../src/account.ts";

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

test("a person is named by issuer and id, as the API takes it: oid, else sub", () => {
  expect(accountOf(token({ iss: "https://issuer", oid: "jürgen", sub: "pairwise" }))).toBe(
    "https://issuer jürgen",
  );
  expect(accountOf(token({ iss: "https://issuer", sub: "ada" }))).toBe("https://issuer ada");
});

test.each(["", "opaque", "a.b.c", token(null), token({ iss: "https://issuer" }), token({ sub: 7 })])(
  "a token that does not say whose it is gives no name: %s",
  (opaque) => {
    expect(accountOf(opaque)).toBeNull();
  },
);
