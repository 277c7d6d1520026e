// Budgets as bars: spent against limit, with the state in words as well as in colour.
import type { ReactNode } from "react";
import type { Budget, BudgetState } from "../api/types";
import { useUser } from "../app/session";
import { formatMoney } from "../lib/money";
import { Meter } from "./Bits";

const STATES: Record<BudgetState, string> = { ok: "On track", near: "Nearly used", exceeded: "Over the limit" };

interface BudgetRowsProps {
  budgets: Budget[];
  actions?: (budget: Budget) => ReactNode;
}

export function BudgetRows({ budgets, actions }: BudgetRowsProps) {
  return (
    <ul className="budget-list">
      {budgets.map((budget) => <BudgetRow key={budget.id} budget={budget} actions={actions?.(budget)} />)}
    </ul>
  );
}

function BudgetRow({ budget, actions }: { budget: Budget; actions?: ReactNode }) {
  const { currency } = useUser();
  const left = budget.left_cents >= 0
    ? `${formatMoney(budget.left_cents, currency)} left`
    : `${formatMoney(-budget.left_cents, currency)} over`;
  return (
    <li className="budget" data-state={budget.state}>
      <div className="budget-top">
        <span className="budget-name">{budget.category_name}</span>
        <span className={`tag is-${budget.state}`}>{STATES[budget.state]}</span>
        {actions && <span className="budget-actions">{actions}</span>}
      </div>
      <Meter percent={budget.percent} state={budget.state} label={`${budget.category_name}: share of the limit used`} />
      <div className="budget-foot">
        <span><span className="money">{formatMoney(Math.abs(budget.spent_cents), currency)}</span> of {formatMoney(budget.limit_cents, currency)}</span>
        <span>{left}</span>
      </div>
    </li>
  );
}
