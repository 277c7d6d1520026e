// The detected format of a CSV file in words.
import type { ImportFormat } from "../api/types";

const SEPARATORS: Record<string, string> = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" };
const DECIMALS: Record<string, string> = { ",": "comma (1.234,56)", ".": "point (1,234.56)" };
const ORDERS: Record<string, string> = { DMY: "day, month, year", MDY: "month, day, year", YMD: "year, month, day" };

/** Name and value of each part of the format that is known. */
export function formatChips(format: ImportFormat | null): [string, string][] {
  if (!format) return [];
  const order = format.date_order ?? "";
  const chips: [string, string | undefined][] = [
    ["Separator", SEPARATORS[format.separator ?? ""] ?? format.separator],
    ["Encoding", format.encoding],
    ["Decimal mark", DECIMALS[format.decimal ?? ""] ?? format.decimal],
    ["Dates", ORDERS[order.toUpperCase()] ?? format.date_order],
    ["Columns", columnNames(format.columns)],
  ];
  return chips.filter((chip): chip is [string, string] => Boolean(chip[1]));
}

function columnNames(columns: ImportFormat["columns"]): string | undefined {
  if (!columns) return undefined;
  const names = Array.isArray(columns) ? columns : Object.keys(columns).filter((key) => columns[key] != null);
  return names.join(", ");
}
