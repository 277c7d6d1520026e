// Money: integers of minor units in, text of the user's locale and currency out, and back.

import { minorDigits } from "./currencies";

export interface MoneyFormat {
  /** Always shows the sign: +12.00 or -12.00. */
  signed?: boolean;
  /** Whole units only, and 12K for thousands where `compact`. */
  whole?: boolean;
  compact?: boolean;
}

/** Minor units as text in `locale` (default: the browser's). */
export function formatMoney(cents: number, currency: string, how: MoneyFormat = {}, locale?: string): string {
  const digits = minorDigits(currency);
  const short = how.whole || how.compact;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    signDisplay: how.signed ? "exceptZero" : "auto",
    notation: how.compact ? "compact" : "standard",
    minimumFractionDigits: short ? 0 : digits,
    maximumFractionDigits: how.compact ? 1 : short ? 0 : digits,
  }).format(cents / 10 ** digits);
}

/**
 * What a person typed, as minor units, or null if it is no amount. The last of "." and "," is the decimal
 * mark when at most the currency's digits follow it; everything else of the kind groups thousands.
 */
export function parseMoney(text: string, currency: string): number | null {
  const digits = minorDigits(currency);
  const plain = text.replace(/[\u2212\u2010-\u2014]/g, "-").replace(/\p{L}+\.?/gu, "");
  const clean = plain.replace(/[^\d.,+-]/g, "").replace(/^\+/, "");
  if (!/^-?\d[\d.,]*$|^-?[.,]\d+$/.test(clean)) return null;
  const mark = Math.max(clean.lastIndexOf("."), clean.lastIndexOf(","));
  const tail = mark < 0 ? "" : clean.slice(mark + 1);
  const isDecimal = mark >= 0 && tail.length <= digits && tail.length > 0;
  if (mark >= 0 && !isDecimal && tail.length !== 3) return null;
  const whole = (isDecimal ? clean.slice(0, mark) : clean).replace(/[.,]/g, "");
  const cents = Number((whole === "" || whole === "-" ? `${whole}0` : whole) + (isDecimal ? tail : "").padEnd(digits, "0"));
  return Number.isSafeInteger(cents) ? cents : null;
}

/** Minor units as the text of an input field: plain digits, the locale's decimal mark, no grouping. */
export function moneyInput(cents: number, currency: string, locale?: string): string {
  const digits = minorDigits(currency);
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false };
  // Latin digits in every locale: parseMoney reads no others.
  return new Intl.NumberFormat(locale, { ...format, numberingSystem: "latn" }).format(Math.abs(cents) / 10 ** digits);
}

/** The change from `before` to `now` in whole per cent, or null where there is nothing to compare with. */
export function changePercent(now: number, before: number): number | null {
  return before === 0 ? null : Math.round(((now - before) / Math.abs(before)) * 100);
}
