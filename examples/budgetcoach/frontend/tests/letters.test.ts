import { describe, expect, it } from "vitest";
import { isEmail, tokenOf } from "../src/lib/letters";

describe("tokenOf", () => {
  it("reads the token of a link", () => {
    expect(tokenOf("#token=Ab_3-xyzAb_3-xyzAb_3-xyz")).toBe("Ab_3-xyzAb_3-xyzAb_3-xyz");
  });
  it.each(["", "#", "#token=", "#token=short", "#token=<script>alert(1)</script>", "#other=Ab_3-xyzAb_3-xyzAb_3-xyz", `#token=${"x".repeat(201)}`])("refuses %j", (hash) => {
    expect(tokenOf(hash)).toBeNull();
  });
});

describe("isEmail", () => {
  it.each([["ada@example.org", true], [" ada@example.org ", true], ["ada", false], ["ada@example", false], ["a da@example.org", false]])("%j", (text, good) => {
    expect(isEmail(text)).toBe(good);
  });
});
