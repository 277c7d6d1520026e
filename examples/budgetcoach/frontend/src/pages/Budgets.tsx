// Budgets: a monthly limit a category, the bars of a month, and the form that sets or lifts a limit.
import { useState } from "react";
import { deleteBudget, getBudgets, getCategories, putBudget } from "../api/calls";
import type { Budget, Category } from "../api/types";
import { useUser } from "../app/session";
import { useLoad } from "../app/useLoad";
import { formatMonth, monthOf, today } from "../lib/dates";
import { formatMoney, moneyInput, parseMoney } from "../lib/money";
import { MonthPicker, PageHead } from "../ui/Bits";
import { BudgetRows } from "../ui/BudgetRows";
import { Confirm, Dialog } from "../ui/Dialog";
import { Field, FormError, useSubmit } from "../ui/Form";
import { Icon } from "../ui/Icon";
import { Await, EmptyState } from "../ui/States";
import { useToast } from "../ui/Toast";

const REFRESH_MS = 5000;

export default function Budgets() {
  const now = monthOf(today());
  const [month, setMonth] = useState(now);
  const [open, setOpen] = useState<Budget | "new" | null>(null);
  const [lifting, setLifting] = useState<Budget | null>(null);
  const budgets = useLoad((signal) => getBudgets(month, signal), [month], REFRESH_MS);
  const add = <button type="button" className="button is-primary" onClick={() => setOpen("new")}><Icon name="plus" />Set a limit</button>;
  const done = () => {
    setOpen(null);
    setLifting(null);
    budgets.reload();
  };
  return (
    <>
      <PageHead title="Budgets" text="Limits hold from the month they are set on. You are told at 80 % and when one is crossed.">
        <MonthPicker month={month} max={now} onMonth={setMonth} />
        {add}
      </PageHead>
      <Await loaded={budgets} label="Reading budgets">
        {({ items }) => (items.length === 0
          ? <EmptyState icon="target" title={`No limits in ${formatMonth(month)}`}>Start with the category that surprises you most.</EmptyState>
          : <Month items={items} onEdit={setOpen} onLift={setLifting} />)}
      </Await>
      {open && <LimitDialog budget={open === "new" ? null : open} taken={budgets.data?.items ?? []} onClose={() => setOpen(null)} onDone={done} />}
      {lifting && <LiftDialog budget={lifting} onClose={() => setLifting(null)} onDone={done} />}
    </>
  );
}

function Month({ items, onEdit, onLift }: { items: Budget[]; onEdit: (b: Budget) => void; onLift: (b: Budget) => void }) {
  const { currency } = useUser();
  const limit = items.reduce((sum, b) => sum + b.limit_cents, 0);
  const spent = items.reduce((sum, b) => sum + Math.abs(b.spent_cents), 0);
  return (
    <section className="card" aria-label="Limits">
      <p className="budget-total">
        <strong className="money">{formatMoney(spent, currency)}</strong> of {formatMoney(limit, currency)} used in all
      </p>
      <BudgetRows
        budgets={[...items].sort((a, b) => b.percent - a.percent)}
        actions={(b) => (
          <>
            <button type="button" className="icon-button" onClick={() => onEdit(b)} aria-label={`Change the limit for ${b.category_name}`}><Icon name="edit" /></button>
            <button type="button" className="icon-button" onClick={() => onLift(b)} aria-label={`Remove the limit for ${b.category_name}`}><Icon name="trash" /></button>
          </>
        )}
      />
    </section>
  );
}

interface LimitDialogProps {
  budget: Budget | null;
  taken: Budget[];
  onClose: () => void;
  onDone: () => void;
}

function LimitDialog({ budget, taken, onClose, onDone }: LimitDialogProps) {
  const categories = useLoad((signal) => getCategories(signal), []);
  return (
    <Dialog title={budget ? `Limit for ${budget.category_name}` : "Set a limit"} onClose={onClose}>
      <Await loaded={categories} label="Reading categories">
        {({ items }) => {
          const used = new Set(taken.map((b) => b.category_id));
          const choices = items.filter((c) => c.kind === "expense" && (budget ? c.id === budget.category_id : !used.has(c.id)));
          return <LimitForm budget={budget} choices={choices} onDone={onDone} />;
        }}
      </Await>
    </Dialog>
  );
}

function LimitForm({ budget, choices, onDone }: { budget: Budget | null; choices: Category[]; onDone: () => void }) {
  const { currency } = useUser();
  const say = useToast();
  const [category, setCategory] = useState(budget?.category_id ?? choices[0]?.id ?? "");
  const [amount, setAmount] = useState(budget ? moneyInput(budget.limit_cents, currency) : "");
  const cents = parseMoney(amount, currency);
  const name = choices.find((c) => c.id === category)?.name ?? budget?.category_name ?? "";
  const form = useSubmit(
    async () => {
      await putBudget({ category_id: category, limit_cents: cents ?? 0, category_name: name });
      say(`Limit for ${name} set`);
      onDone();
    },
    (): Record<string, string> => ({
      ...(!cents || cents < 0 ? { limit_cents: "An amount above zero, like 250." } : {}),
      ...(!category ? { category_id: "A category." } : {}),
    }),
  );
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <FormError text={form.error} />
      {!budget && (
        <Field label="Category" error={form.fields.category_id}>
          {(a) => (
            <select {...a} value={category} onChange={(e) => setCategory(e.target.value)}>
              {choices.map((c) => <option key={c.id} value={c.id}>{c.name}</option>)}
            </select>
          )}
        </Field>
      )}
      <Field label={`Limit a month (${currency})`} error={form.fields.limit_cents}>
        {(a) => <input {...a} inputMode="decimal" autoComplete="off" value={amount} onChange={(e) => setAmount(e.target.value)} />}
      </Field>
      <div className="dialog-actions">
        <button type="submit" className="button is-primary" disabled={form.busy}>{form.busy ? "Saving…" : "Save the limit"}</button>
      </div>
    </form>
  );
}

function LiftDialog({ budget, onClose, onDone }: { budget: Budget; onClose: () => void; onDone: () => void }) {
  const say = useToast();
  const [busy, setBusy] = useState(false);
  const lift = async () => {
    setBusy(true);
    try {
      await deleteBudget(budget.id);
      say(`Limit for ${budget.category_name} removed`);
    } catch (fault) {
      say(fault instanceof Error ? fault.message : "That did not work.", true);
    }
    onDone();
  };
  return (
    <Confirm title="Remove this limit?" text={`${budget.category_name} will have no limit any more.`} action="Remove" busy={busy}
      onConfirm={() => void lift()} onClose={onClose} />
  );
}
