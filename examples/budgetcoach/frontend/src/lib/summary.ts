// What pages make of the API's sums: months without a gap, and the spending of a month by category.
import type { CategorySum, MonthSum } from "../api/types";

/** One row for each of `months`, zero where the summary has none. */
export function fillMonths(rows: MonthSum[], months: string[]): MonthSum[] {
  const known = new Map(rows.map((row) => [row.month, row]));
  return months.map((month) => known.get(month) ?? { month, income_cents: 0, expense_cents: 0 });
}

/** The categories that cost money, as positive amounts, the biggest first. */
export function spendingRows(rows: CategorySum[]): { name: string; color: string; cents: number }[] {
  return rows
    .filter((row) => row.amount_cents < 0)
    .map((row) => ({ name: row.name || "No category", color: row.color || "#8b9691", cents: -row.amount_cents }))
    .sort((a, b) => b.cents - a.cents);
}
