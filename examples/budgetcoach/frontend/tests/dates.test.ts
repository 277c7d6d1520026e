import { describe, expect, it } from "vitest";
import { addMonths, formatAgo, formatDay, formatMonth, monthRange, monthsUpTo, today } from "../src/lib/dates";

describe("months", () => {
  it("cross years both ways", () => {
    expect(addMonths("2026-01", -1)).toBe("2025-12");
    expect(addMonths("2025-11", 14)).toBe("2027-01");
    expect(monthsUpTo("2026-02", 4)).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
  });
  it("end on their last day", () => {
    expect(monthRange("2024-02")).toEqual({ from: "2024-02-01", to: "2024-02-29" });
    expect(monthRange("2026-12").to).toBe("2026-12-31");
  });
});

describe("text", () => {
  it("names days and months whatever the time zone", () => {
    expect(formatMonth("2026-03", "long", "en-GB")).toBe("March 2026");
    expect(formatDay("2026-03-01", "en-GB")).toBe("1 Mar 2026");
    expect(today(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05");
  });
  it.each([[10, "now"], [300, "5 minutes ago"], [7200, "2 hours ago"], [86400, "yesterday"], [40 * 86400, "22 Jan 2026"]])("tells %i s ago", (seconds, text) => {
    const now = Date.UTC(2026, 2, 3, 12);
    expect(formatAgo(new Date(now - seconds * 1000).toISOString(), now, "en-GB")).toBe(text);
  });
});
