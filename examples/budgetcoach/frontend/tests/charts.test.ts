import { describe, expect, it } from "vitest";
import { forecastPoints } from "../src/charts/ForecastBand";
import { linear, slices, ticks, topAndRest } from "../src/lib/scale";
import { fillMonths, spendingRows } from "../src/lib/summary";

describe("ticks", () => {
  it.each([[0, 100, [0, 25, 50, 75, 100]], [0, 0, [0, 1]], [-30, 70, [-50, -25, 0, 25, 50, 75]]])("from %i to %i", (low, high, values) => {
    expect(ticks(low, high)).toEqual(values);
  });
  it("always reach the top", () => {
    for (const high of [1, 7, 99, 101, 12345, 9_999_999]) expect(ticks(0, high).at(-1)).toBeGreaterThanOrEqual(high);
  });
});

describe("geometry", () => {
  it("maps an axis, also a flat one", () => {
    expect(linear(0, 10, 100, 0)(5)).toBe(50);
    expect(linear(3, 3, 7, 9)(3)).toBe(7);
  });
  it("cuts a ring into shares", () => {
    expect(slices([3, 1, -5])).toEqual([{ start: 0, share: 0.75 }, { start: 0.75, share: 0.25 }, { start: 1, share: 0 }]);
    expect(slices([0])).toEqual([{ start: 0, share: 0 }]);
  });
  it("sums up what is beyond the top, but never a single row", () => {
    const sum = (rows: number[]) => rows.reduce((a, b) => a + b, 0);
    expect(topAndRest([1, 5, 3, 2], 2, (n) => n, sum)).toEqual([5, 3, 3]);
    expect(topAndRest([1, 5, 3], 2, (n) => n, sum)).toEqual([5, 3, 1]);
  });
});

describe("sums of the API", () => {
  it("become months without a gap", () => {
    const row = { month: "2026-02", income_cents: 5, expense_cents: -3 };
    expect(fillMonths([row], ["2026-01", "2026-02"])).toEqual([{ month: "2026-01", income_cents: 0, expense_cents: 0 }, row]);
  });
  it("become positive spending, income left out", () => {
    const base = { category_id: null, color: "#111111", count: 1 };
    const rows = [{ ...base, name: "Rent", amount_cents: -900 }, { ...base, name: "Pay", amount_cents: 3000 }, { ...base, name: "Food", amount_cents: -1200 }];
    expect(spendingRows(rows).map((r) => [r.name, r.cents])).toEqual([["Food", 1200], ["Rent", 900]]);
  });
  it("become one line and a band in the right order", () => {
    const ahead = [{ month: "2026-03", income_cents: 0, expense_cents: -120, low_cents: -140, high_cents: -100 }];
    const past = [{ month: "2026-01", income_cents: 0, expense_cents: -110 }, { month: "2026-02", income_cents: 0, expense_cents: -30 }];
    expect(forecastPoints(past, ahead, "2026-02")).toEqual([
      { month: "2026-01", part: "past", value: 110, low: 110, high: 110 },
      { month: "2026-02", part: "now", value: 30, low: 30, high: 30 },
      { month: "2026-03", part: "ahead", value: 120, low: 100, high: 140 },
    ]);
  });
});
