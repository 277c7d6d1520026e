// Calendar helpers on plain strings: days are YYYY-MM-DD and months YYYY-MM, so that no time zone shifts them.

const two = (n: number): string => String(n).padStart(2, "0");

/** Today in the user's own time zone. */
export function today(now: Date = new Date()): string {
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

export function monthOf(day: string): string {
  return day.slice(0, 7);
}

/** The month `steps` after (or before) a month: addMonths("2026-01", -1) is "2025-12". */
export function addMonths(month: string, steps: number): string {
  const index = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + steps;
  return `${Math.floor(index / 12)}-${two((((index % 12) + 12) % 12) + 1)}`;
}

/** First and last day of a month. */
export function monthRange(month: string): { from: string; to: string } {
  const last = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0)).getUTCDate();
  return { from: `${month}-01`, to: `${month}-${two(last)}` };
}

/** The `count` months that end with `last`, oldest first. */
export function monthsUpTo(last: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => addMonths(last, i - count + 1));
}

function utc(text: string): Date {
  return new Date(`${text.length === 7 ? `${text}-01` : text}T00:00:00Z`);
}

export function formatMonth(month: string, style: "long" | "short" | "narrow" = "long", locale?: string): string {
  const options: Intl.DateTimeFormatOptions = style === "long" ? { month: "long", year: "numeric" } : { month: style };
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(utc(month));
}

export function formatDay(day: string, locale?: string): string {
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(locale, options).format(utc(day));
}

/** A moment (RFC 3339) as "5 minutes ago"; older than a week as a date. */
export function formatAgo(moment: string, now: number = Date.now(), locale?: string): string {
  const seconds = Math.round((new Date(moment).getTime() - now) / 1000);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 45) return format.format(0, "second");
  if (size < 3600) return format.format(Math.round(seconds / 60), "minute");
  if (size < 86400) return format.format(Math.round(seconds / 3600), "hour");
  if (size < 7 * 86400) return format.format(Math.round(seconds / 86400), "day");
  return formatDay(moment.slice(0, 10), locale);
}
