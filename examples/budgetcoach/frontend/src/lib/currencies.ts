// The currencies offered, and a first guess from the browser's region.

export const CURRENCIES = [
  "EUR", "USD", "GBP", "CHF", "PLN", "CZK", "SEK", "NOK", "DKK", "HUF", "RON", "TRY", "CAD", "AUD", "NZD", "JPY", "CNY",
  "INR", "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW",
];

const BY_REGION: Record<string, string> = {
  US: "USD", GB: "GBP", CH: "CHF", LI: "CHF", PL: "PLN", CZ: "CZK", SE: "SEK", NO: "NOK", DK: "DKK", HU: "HUF", RO: "RON",
  TR: "TRY", CA: "CAD", AU: "AUD", NZ: "NZD", JP: "JPY", CN: "CNY", IN: "INR", BR: "BRL", MX: "MXN", ZA: "ZAR", SG: "SGD",
  HK: "HKD", KR: "KRW",
};

/** The currency of a BCP 47 language tag's region; EUR where it names none that we know. */
export function guessCurrency(language: string): string {
  const region = language.split("-").find((part) => /^[A-Z]{2}$/.test(part)) ?? "";
  return BY_REGION[region] ?? "EUR";
}

export function currencyName(code: string, locale?: string): string {
  const name = new Intl.DisplayNames(locale, { type: "currency" }).of(code);
  return name && name !== code ? `${code} · ${name}` : code;
}
