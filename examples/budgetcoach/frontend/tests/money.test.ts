import { describe, expect, it } from "vitest";
import { CURRENCIES, minorDigits } from "../src/lib/currencies";
import { changePercent, formatMoney, moneyInput, parseMoney } from "../src/lib/money";

describe("minorDigits", () => {
  it.each([["EUR", 2], ["JPY", 0], ["TND", 3], ["HUF", 2]])("%s has %i", (currency, digits) => {
    expect(minorDigits(currency)).toBe(digits);
  });
});

describe.each(CURRENCIES)("%s", (currency) => {
  const locales = ["en-US", "de-DE", "de-CH", "fr-FR", "sv-SE", "nb-NO", "da-DK", "pl-PL", "hu-HU", "en-IN", "ja-JP", "pt-BR", "en-ZA"];
  const unit = 10 ** minorDigits(currency);
  // Small and large up to 10^13, with fractions that end in zero and not, and both signs.
  const sizes = Array.from({ length: 5 }, (_, third) => 10 ** (3 * third + 1));
  const amounts = [0, unit - 1, unit, unit + 1, 1200, ...sizes.flatMap((n) => [n, 7 * n - 1, 12 * n + 345])].flatMap((n) => [n, -n || 0]);

  it.each(locales)("can be read as it is written in %s", (locale) => {
    for (const cents of amounts) expect(parseMoney(formatMoney(cents, currency, {}, locale), currency), `${cents}`).toBe(cents);
  });
  it.each([...locales, "ar-KW", "ar-BH", "fa-IR"])("can be edited in %s", (locale) => {
    for (const cents of amounts) expect(parseMoney(moneyInput(cents, currency, locale), currency), `${cents}`).toBe(Math.abs(cents));
  });
});

describe("parseMoney", () => {
  it.each([
    ["12", 1200], ["12.5", 1250], ["12,50", 1250], ["1.234,56", 123456], ["1,234.56", 123456], ["1 234,56", 123456],
    ["1'234.50", 123450], ["1,234", 123400], ["1.234.567", 123456700], [".5", 50], ["-3,20", -320], ["€ 7.00", 700], ["0", 0],
  ])("reads %s in EUR", (text, cents) => {
    expect(parseMoney(text, "EUR")).toBe(cents);
  });
  it.each(["", "abc", "-", "1.2345,6789", "12-3"])("refuses %j", (text) => {
    expect(parseMoney(text, "EUR")).toBeNull();
  });
  it("knows currencies of no and of three minor digits", () => {
    expect(parseMoney("1,500", "JPY")).toBe(1500);
    expect(parseMoney("1.5", "TND")).toBe(1500);
  });
  it.each([["de-DE", "EUR", 123456], ["en-US", "USD", 7], ["ja-JP", "JPY", 98000]])("reads what moneyInput wrote in %s", (locale, currency, cents) => {
    expect(parseMoney(moneyInput(cents, currency, locale), currency)).toBe(cents);
  });
});

describe("formatMoney", () => {
  it("uses the currency's own digits", () => {
    expect(formatMoney(-123456, "USD", {}, "en-US")).toBe("-$1,234.56");
    expect(formatMoney(1500, "JPY", {}, "en-US")).toBe("¥1,500");
  });
  it("signs, rounds and shortens", () => {
    expect(formatMoney(500, "USD", { signed: true }, "en-US")).toBe("+$5.00");
    expect(formatMoney(123456, "USD", { whole: true }, "en-US")).toBe("$1,235");
    expect(formatMoney(1250000, "USD", { compact: true }, "en-US")).toBe("$12.5K");
  });
});

describe("changePercent", () => {
  it("compares with the size of the month before", () => {
    expect(changePercent(150, 100)).toBe(50);
    expect(changePercent(50, -100)).toBe(150);
    expect(changePercent(10, 0)).toBeNull();
  });
});
