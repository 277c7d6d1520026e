// Income and expense a month, side by side. A month is picked by pointing at it; its figures stand above the bars.
import { useState } from "react";
import type { MonthSum } from "../api/types";
import { formatMonth } from "../lib/dates";
import { formatMoney } from "../lib/money";
import { linear, ticks } from "../lib/scale";
import { ChartTable, MoneyAxis, useWidth } from "./frame";

const LOW = 232;
const TALL = 330;
const WIDE = 560;
const LEFT = 54;
const TOP = 10;
const BOTTOM = 26;

interface MonthBarsProps {
  months: MonthSum[];
  selected: string;
  currency: string;
  onSelect: (month: string) => void;
}

export function MonthBars({ months, selected, currency, onSelect }: MonthBarsProps) {
  const [ref, width] = useWidth();
  const [over, setOver] = useState<string | null>(null);
  const shown = months.find((m) => m.month === (over ?? selected)) ?? months.at(-1);
  const height = width > WIDE ? TALL : LOW;
  const axis = ticks(0, Math.max(...months.flatMap((m) => [m.income_cents, Math.abs(m.expense_cents)])));
  const y = linear(0, axis.at(-1) ?? 1, height - BOTTOM, TOP);
  const slot = (width - LEFT) / months.length;
  const bar = Math.max(3, Math.min(16, slot * 0.32));
  return (
    <figure className="chart" ref={ref}>
      {shown && <Reading month={shown} currency={currency} />}
      <svg width={width} height={height} role="img" aria-label="Income and expense by month" onMouseLeave={() => setOver(null)}>
        <MoneyAxis values={axis} y={y} left={LEFT} right={width} currency={currency} />
        {months.map((m, i) => {
          const x = LEFT + slot * i;
          const middle = x + slot / 2;
          const on = m.month === (over ?? selected);
          return (
            <g key={m.month} className={on ? "slot is-on" : "slot"} onMouseEnter={() => setOver(m.month)} onClick={() => onSelect(m.month)}>
              <rect className="slot-back" x={x + 1} y={TOP} width={Math.max(0, slot - 2)} height={height - TOP} rx={6} />
              <Bar className="bar-income" x={middle - bar - 1} width={bar} top={y(m.income_cents)} bottom={y(0)} />
              <Bar className="bar-expense" x={middle + 1} width={bar} top={y(Math.abs(m.expense_cents))} bottom={y(0)} />
              <text x={middle} y={height - 8} textAnchor="middle">{formatMonth(m.month, slot < 34 ? "narrow" : "short")}</text>
            </g>
          );
        })}
      </svg>
      <ChartTable
        caption="Income and expense by month"
        head={["Month", "Income", "Expense"]}
        rows={months.map((m) => [formatMonth(m.month), formatMoney(m.income_cents, currency), formatMoney(Math.abs(m.expense_cents), currency)])}
      />
    </figure>
  );
}

function Bar({ className, x, width, top, bottom }: { className: string; x: number; width: number; top: number; bottom: number }) {
  const height = Math.max(0, bottom - top);
  return <rect className={className} x={x} y={top} width={width} height={height} rx={Math.min(3, height / 2)} />;
}

function Reading({ month, currency }: { month: MonthSum; currency: string }) {
  return (
    <p className="reading" aria-hidden="true">
      <strong>{formatMonth(month.month)}</strong>
      <span className="key is-income">In {formatMoney(month.income_cents, currency, { whole: true })}</span>
      <span className="key is-expense">Out {formatMoney(Math.abs(month.expense_cents), currency, { whole: true })}</span>
    </p>
  );
}
