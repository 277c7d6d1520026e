import { describe, expect, it } from "vitest";
import { queryString } from "../src/api/client";
import { safePath } from "../src/app/router";
import { guessCurrency } from "../src/lib/currencies";
import { formatChips } from "../src/lib/imports";

describe("queryString", () => {
  it("leaves out what is not set and escapes the rest", () => {
    expect(queryString({ a: "x y&z", b: "", c: undefined, page: 0 })).toBe("?a=x+y%26z&page=0");
    expect(queryString({})).toBe("");
  });
});

describe("safePath", () => {
  it.each([["/budgets", "/budgets"], ["//evil.example", "/"], ["/\\evil.example", "/"], ["https://evil.example", "/"], ["javascript:1", "/"], [null, "/"]])("%s", (given, path) => {
    expect(safePath(given)).toBe(path);
  });
});

describe("guessCurrency", () => {
  it.each([["en-US", "USD"], ["en-GB", "GBP"], ["de-DE", "EUR"], ["de-CH", "CHF"], ["zh-Hant-HK", "HKD"], ["eo", "EUR"]])("%s", (language, currency) => {
    expect(guessCurrency(language)).toBe(currency);
  });
});

describe("formatChips", () => {
  it("says in words what was found", () => {
    const format = { separator: ";", encoding: "cp1252", decimal: ",", date_order: "DMY", date_order_sure: false, columns: { date: "Buchungstag", amount: "Betrag" } };
    expect(formatChips(format)).toEqual([
      ["Separator", "semicolon"], ["Encoding", "cp1252"], ["Decimal mark", "comma (1.234,56)"],
      ["Dates", "day, month, year (assumed)"], ["Columns", "date from “Buchungstag”, amount from “Betrag”"],
    ]);
    expect(formatChips(null)).toEqual([]);
  });
});
