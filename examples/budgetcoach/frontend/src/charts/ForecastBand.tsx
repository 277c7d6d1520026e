// Spending: the months behind as a line, the months ahead as a dashed line in its band of likely values.
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
  currency: string;
}

interface Point {
  month: string;
  value: number;
  low: number;
  high: number;
}

/** The points of both parts as positive spending; the band starts at the last known month. */
export function forecastPoints(past: MonthSum[], ahead: ForecastMonth[]): Point[] {
  const known = past.map((m) => ({ month: m.month, value: Math.abs(m.expense_cents) }));
  const guessed = ahead.map((m) => {
    const ends = [Math.abs(m.low_cents), Math.abs(m.high_cents)];
    return { month: m.month, value: Math.abs(m.expense_cents), low: Math.min(...ends), high: Math.max(...ends) };
  });
  return [...known.map((p) => ({ ...p, low: p.value, high: p.value })), ...guessed];
}

const path = (points: [number, number][]): string => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

export function ForecastBand({ past, ahead, currency }: ForecastProps) {
  const [ref, width] = useWidth();
  const points = forecastPoints(past, ahead);
  const split = past.length - 1;
  const axis = ticks(0, Math.max(...points.map((p) => p.high)));
  const y = linear(0, axis.at(-1) ?? 1, HEIGHT - BOTTOM, TOP);
  const x = linear(0, Math.max(1, points.length - 1), LEFT + 12, width - RIGHT);
  const line = (from: number, to: number) => path(points.slice(from, to).map((p, i) => [x(from + i), y(p.value)]));
  const tail = points.slice(Math.max(0, split));
  const at = (i: number) => x(Math.max(0, split) + i);
  const band = path([...tail.map((p, i): [number, number] => [at(i), y(p.high)]), ...tail.map((p, i): [number, number] => [at(i), y(p.low)]).reverse()]);
  return (
    <figure className="chart" ref={ref}>
      <p className="reading" aria-hidden="true">
        <span className="key is-expense">Spent</span>
        <span className="key is-ahead">Expected</span>
        <span className="key is-band">Likely range</span>
      </p>
      <svg width={width} height={HEIGHT} role="img" aria-label="Spending so far and forecast">
        <MoneyAxis values={axis} y={y} left={LEFT} right={width} currency={currency} />
        <path className="band" d={`${band}Z`} />
        <path className="line-past" d={line(0, split + 1)} />
        <path className="line-ahead" d={line(Math.max(0, split), points.length)} />
        {points.map((p, i) => (
          <g key={p.month}>
            <circle className={i > split ? "point is-ahead" : "point"} cx={x(i)} cy={y(p.value)} r={3.5} />
            <text x={x(i)} y={HEIGHT - 8} textAnchor="middle">{formatMonth(p.month, width / points.length < 44 ? "narrow" : "short")}</text>
          </g>
        ))}
      </svg>
      <ChartTable
        caption="Spending forecast"
        head={["Month", "Expected", "Low", "High"]}
        rows={points.slice(split + 1).map((p) => [formatMonth(p.month), ...[p.value, p.low, p.high].map((v) => formatMoney(v, currency))])}
      />
    </figure>
  );
}
