// The detected format of a CSV file in words.
import type { ImportFormat } from "../api/types";

const SEPARATORS: Record<string, string> = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" };
const DECIMALS: Record<string, string> = { ",": "comma (1.234,56)", ".": "point (1,234.56)" };
const ORDERS: Record<string, string> = { DMY: "day, month, year", MDY: "month, day, year", YMD: "year, month, day" };

/** Name and value of each part of the format that is known. */
export function formatChips(format: ImportFormat | null): [string, string][] {
  if (!format) return [];
  const chips: [string, string | undefined][] = [
    ["Separator", SEPARATORS[format.separator ?? ""] ?? format.separator],
    ["Encoding", format.encoding],
    ["Decimal mark", DECIMALS[format.decimal ?? ""] ?? format.decimal],
    ["Dates", dateOrder(format)],
    ["Columns", columnNames(format.columns)],
  ];
  return chips.filter((chip): chip is [string, string] => Boolean(chip[1]));
}

function dateOrder(format: ImportFormat): string | undefined {
  const order = ORDERS[format.date_order ?? ""] ?? format.date_order;
  return order && format.date_order_sure === false ? `${order} (assumed)` : order;
}

function columnNames(columns: Record<string, string> = {}): string {
  const used = Object.entries(columns).filter(([, name]) => name);
  return used.map(([part, name]) => `${part} from “${name}”`).join(", ");
}
