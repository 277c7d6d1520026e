// The currencies offered, their decimals, and a first guess from the browser's region.

export const CURRENCIES = [
  "EUR", "USD", "GBP", "CHF", "PLN", "CZK", "SEK", "NOK", "DKK", "HUF", "RON", "TRY", "CAD", "AUD", "NZD", "JPY", "CNY",
  "INR", "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW", "KWD", "BHD",
];

// ISO 4217; all others have two. Not from Intl: a browser's data may say how a currency is paid in cash (HUF without
// decimals), and then its amounts would be other ones than the services'.
const DIGITS = new Map<string, number>([
  ...["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"].map((code): [string, number] => [code, 0]),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((code): [string, number] => [code, 3]),
]);

/** How many minor digits a currency has: 2 for EUR, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  return DIGITS.get(currency) ?? 2;
}

const BY_REGION: Record<string, string> = {
  US: "USD", GB: "GBP", CH: "CHF", LI: "CHF", PL: "PLN", CZ: "CZK", SE: "SEK", NO: "NOK", DK: "DKK", HU: "HUF", RO: "RON",
  TR: "TRY", CA: "CAD", AU: "AUD", NZ: "NZD", JP: "JPY", CN: "CNY", IN: "INR", BR: "BRL", MX: "MXN", ZA: "ZAR", SG: "SGD",
  HK: "HKD", KR: "KRW", KW: "KWD", BH: "BHD",
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
