// Spending: the months behind as a line, the months ahead as a dashed line in its band of likely values. The
// running month is no whole month yet: it is a point beside the lines.
import type { ForecastMonth, MonthSum } from "../api/types";
import { formatMonth } from "../lib/dates";
import { formatMoney } from "../lib/money";
import { linear, ticks } from "../lib/scale";
import { ChartTable, MoneyAxis, useWidth } from "./frame";

const HEIGHT = 220;
const LEFT = 54;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 26;

interface ForecastProps {
  past: MonthSum[];
  ahead: ForecastMonth[];
  now: string;
  currency: string;
}

type Part = "past" | "now" | "ahead";

interface Point {
  month: string;
  part: Part;
  value: number;
  low: number;
  high: number;
}

/** The points of all parts as positive spending, in order; what is known has no width. */
export function forecastPoints(past: MonthSum[], ahead: ForecastMonth[], now: string): Point[] {
  const known = past.map((m): Point => {
    const value = Math.abs(m.expense_cents);
    return { month: m.month, part: m.month === now ? "now" : "past", value, low: value, high: value };
  });
  const guessed = ahead.map((m): Point => {
    const ends = [Math.abs(m.low_cents), Math.abs(m.high_cents)];
    return { month: m.month, part: "ahead", value: Math.abs(m.expense_cents), low: Math.min(...ends), high: Math.max(...ends) };
  });
  return [...known, ...guessed];
}

const path = (points: [number, number][]): string => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

export function ForecastBand({ past, ahead, now, currency }: ForecastProps) {
  const [ref, width] = useWidth();
  const points = forecastPoints(past, ahead, now);
  const axis = ticks(0, Math.max(...points.map((p) => p.high)));
  const y = linear(0, axis.at(-1) ?? 1, HEIGHT - BOTTOM, TOP);
  const x = linear(0, Math.max(1, points.length - 1), LEFT + 12, width - RIGHT);
  const place = (p: Point, cents: number): [number, number] => [x(points.indexOf(p)), y(cents)];
  const known = points.filter((p) => p.part === "past");
  const tail = [...known.slice(-1), ...points.filter((p) => p.part === "ahead")];
  const band = path([...tail.map((p) => place(p, p.high)), ...tail.map((p) => place(p, p.low)).reverse()]);
  return (
    <figure className="chart" ref={ref}>
      <p className="reading" aria-hidden="true">
        <span className="key is-expense">Spent</span>
        {points.some((p) => p.part === "now") && <span className="key is-now">This month so far</span>}
        <span className="key is-ahead">Expected</span>
        <span className="key is-band">Likely range</span>
      </p>
      <svg width={width} height={HEIGHT} role="img" aria-label="Spending so far and forecast">
        <MoneyAxis values={axis} y={y} left={LEFT} right={width} currency={currency} />
        <path className="band" d={`${band}Z`} />
        <path className="line-past" d={path(known.map((p) => place(p, p.value)))} />
        <path className="line-ahead" d={path(tail.map((p) => place(p, p.value)))} />
        {points.map((p, i) => (
          <g key={p.month}>
            <circle className={`point is-${p.part}`} cx={x(i)} cy={y(p.value)} r={3.5} />
            <text x={x(i)} y={HEIGHT - 8} textAnchor="middle">{formatMonth(p.month, width / points.length < 44 ? "narrow" : "short")}</text>
          </g>
        ))}
      </svg>
      <ChartTable
        caption="Spending forecast"
        head={["Month", "Expected", "Low", "High"]}
        rows={points.filter((p) => p.part === "ahead").map((p) => [formatMonth(p.month), ...[p.value, p.low, p.high].map((v) => formatMoney(v, currency))])}
      />
    </figure>
  );
}
