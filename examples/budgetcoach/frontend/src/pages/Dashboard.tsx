// The overview: a month in figures, the year in bars, where money went, what comes, limits and insights.
import { useState } from "react";
import { getBudgets, getForecast, getInsights, getSummary } from "../api/calls";
import type { Summary } from "../api/types";
import { Link } from "../app/router";
import { useUser } from "../app/session";
import { useLoad } from "../app/useLoad";
import { CategoryRing } from "../charts/CategoryRing";
import { ForecastBand } from "../charts/ForecastBand";
import { MonthBars } from "../charts/MonthBars";
import { formatMonth, monthOf, monthRange, monthsUpTo, today } from "../lib/dates";
import { changePercent, formatMoney } from "../lib/money";
import { fillMonths, spendingRows } from "../lib/summary";
import { Card, MonthPicker, PageHead } from "../ui/Bits";
import { BudgetRows } from "../ui/BudgetRows";
import { InsightList } from "../ui/InsightList";
import { Await, EmptyState } from "../ui/States";

const YEAR = 12;
const PAST_SHOWN = 6;
const REFRESH_MS = 10_000;

export default function Dashboard() {
  const user = useUser();
  const now = monthOf(today());
  const [month, setMonth] = useState(now);
  const months = monthsUpTo(now, YEAR);
  const year = useLoad((signal) => getSummary({ from: `${months[0]}-01`, to: monthRange(now).to }, signal), [], REFRESH_MS);
  return (
    <>
      <PageHead title={`${greeting(new Date().getHours())}, ${user.name.split(" ")[0]}`}>
        <MonthPicker month={month} max={now} onMonth={setMonth} />
      </PageHead>
      <Await loaded={year} label="Adding up your year">
        {(summary) => (summary.by_month.length === 0 ? <Start /> : <Board summary={summary} months={months} month={month} onMonth={setMonth} />)}
      </Await>
    </>
  );
}

function greeting(hour: number): string {
  return hour < 12 ? "Good morning" : hour < 18 ? "Good afternoon" : "Good evening";
}

function Start() {
  const actions = (
    <p className="row">
      <Link className="button is-primary" to="/import">Import a bank export</Link>
      <Link className="button" to="/transactions">Add by hand</Link>
    </p>
  );
  return (
    <EmptyState icon="spark" title="A clean slate" action={actions}>
      Bring in a CSV file from your bank, and your charts, limits and insights appear here.
    </EmptyState>
  );
}

interface BoardProps {
  summary: Summary;
  months: string[];
  month: string;
  onMonth: (month: string) => void;
}

function Board({ summary, months, month, onMonth }: BoardProps) {
  const { currency } = useUser();
  const shown = months.includes(month) ? months : monthsUpTo(month, YEAR);
  const picked = useLoad((signal) => getSummary(monthRange(month), signal), [month], REFRESH_MS);
  const byMonth = fillMonths(summary.by_month, shown);
  return (
    <div className="board">
      <Tiles summary={summary} month={month} />
      <Card title="Income and expense" note="12 months" className="span-8">
        <MonthBars months={byMonth} selected={month} currency={currency} onSelect={onMonth} />
      </Card>
      <Card title="Where it went" note={formatMonth(month)} className="span-4">
        <Await loaded={picked} label="Sorting by category">
          {(data) => <Spending data={data} month={month} />}
        </Await>
      </Card>
      <Outlook summary={summary} now={months.at(-1) ?? month} />
      <Limits month={month} />
      <Findings />
    </div>
  );
}

function Spending({ data, month }: { data: Summary; month: string }) {
  const { currency } = useUser();
  const rows = spendingRows(data.by_category);
  if (rows.length === 0) return <EmptyState icon="coin" title={`No spending in ${formatMonth(month)}`} />;
  return <CategoryRing rows={rows} currency={currency} />;
}

function Tiles({ summary, month }: { summary: Summary; month: string }) {
  const [before, at] = fillMonths(summary.by_month, monthsUpTo(month, 2));
  const spent = Math.abs(at?.expense_cents ?? 0);
  const spentBefore = Math.abs(before?.expense_cents ?? 0);
  const income = at?.income_cents ?? 0;
  const incomeBefore = before?.income_cents ?? 0;
  return (
    <div className="tiles span-12">
      <Tile label="Income" cents={income} change={changePercent(income, incomeBefore)} className="is-income" />
      <Tile label="Spent" cents={spent} change={changePercent(spent, spentBefore)} className="is-expense" />
      <Tile label="Kept" cents={income - spent} note={income > 0 ? `${Math.round(((income - spent) / income) * 100)} % of income` : "No income yet"} className="is-kept" />
    </div>
  );
}

interface TileProps {
  label: string;
  cents: number;
  change?: number | null;
  note?: string;
  className: string;
}

function Tile({ label, cents, change, note, className }: TileProps) {
  const { currency } = useUser();
  const text = note ?? (change == null ? "Nothing to compare with" : `${change > 0 ? "+" : ""}${change} % on the month before`);
  return (
    <div className={`tile ${className}`}>
      <p className="tile-label">{label}</p>
      <p className="tile-value">{formatMoney(cents, currency)}</p>
      <p className="tile-note">{text}</p>
    </div>
  );
}

function Outlook({ summary, now }: { summary: Summary; now: string }) {
  const { currency } = useUser();
  const forecast = useLoad((signal) => getForecast(3, signal), [], REFRESH_MS);
  return (
    <Card title="What is coming" note="3 months ahead" className="span-6">
      <Await loaded={forecast} label="Looking ahead">
        {({ items }) => {
          if (items.length === 0) return <EmptyState icon="trend" title="Too little to go by yet">Two or three months of history make a forecast.</EmptyState>;
          const first = items[0]?.month ?? now;
          const past = fillMonths(summary.by_month, monthsUpTo(now, PAST_SHOWN)).filter((m) => m.month < first);
          return <ForecastBand past={past} ahead={items} now={now} currency={currency} />;
        }}
      </Await>
    </Card>
  );
}

function Limits({ month }: { month: string }) {
  const budgets = useLoad((signal) => getBudgets(month, signal), [month], REFRESH_MS);
  const action = <Link to="/budgets" className="card-link">All budgets</Link>;
  return (
    <Card title="Budgets" action={action} className="span-6">
      <Await loaded={budgets} label="Reading limits">
        {({ items }) => {
          if (items.length === 0) return <EmptyState icon="target" title="No limits set" action={<Link className="button" to="/budgets">Set the first</Link>} />;
          return <BudgetRows budgets={[...items].sort((a, b) => b.percent - a.percent).slice(0, 5)} />;
        }}
      </Await>
    </Card>
  );
}

function Findings() {
  const insights = useLoad((signal) => getInsights(signal), [], REFRESH_MS);
  const action = <Link to="/coach" className="card-link">Ask the coach</Link>;
  return (
    <Card title="Insights" action={action} className="span-12">
      <Await loaded={insights} label="Looking for patterns">
        {({ items }) => (items.length === 0 ? <EmptyState icon="spark" title="Nothing stands out">New findings appear here as your data grows.</EmptyState> : <InsightList items={items.slice(0, 4)} />)}
      </Await>
    </Card>
  );
}
