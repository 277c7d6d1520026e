// Adds, changes or deletes one transaction.
import { useState } from "react";
import { addTransaction, deleteTransaction, patchTransaction } from "../api/calls";
import { newKey } from "../api/client";
import type { Category, Kind, Transaction } from "../api/types";
import { useUser } from "../app/session";
import { today } from "../lib/dates";
import { moneyInput, parseMoney } from "../lib/money";
import { Dialog } from "../ui/Dialog";
import { Field, FormError, useSubmit } from "../ui/Form";
import { useToast } from "../ui/Toast";

interface TransactionDialogProps {
  transaction: Transaction | null;
  categories: Category[];
  onClose: () => void;
  onDone: () => void;
}

export function TransactionDialog({ transaction, categories, onClose, onDone }: TransactionDialogProps) {
  const { currency } = useUser();
  const say = useToast();
  const [key] = useState(newKey);
  const [kind, setKind] = useState<Kind>(transaction && transaction.amount_cents > 0 ? "income" : "expense");
  const [date, setDate] = useState(transaction?.date ?? today());
  const [amount, setAmount] = useState(transaction ? moneyInput(transaction.amount_cents, currency) : "");
  const [description, setDescription] = useState(transaction?.description ?? "");
  const [category, setCategory] = useState(transaction?.category_id ?? "");
  const choices = categories.filter((c) => c.kind === kind);
  const chosen = choices.some((c) => c.id === category) ? category : "";
  const cents = parseMoney(amount, currency);
  const check = (): Record<string, string> => ({
    ...(!date && { date: "A day." }),
    ...(!cents && { amount_cents: "An amount, like 12.50." }),
    ...(!description.trim() && { description: "A word or two." }),
  });
  const save = useSubmit(async () => {
    const signed = Math.abs(cents ?? 0) * (kind === "expense" ? -1 : 1);
    const body = { date, amount_cents: signed, description: description.trim(), ...(chosen && { category_id: chosen }) };
    await (transaction ? patchTransaction(transaction.id, body) : addTransaction(body, key));
    say(transaction ? "Transaction changed" : "Transaction added");
    onDone();
  }, check);
  const remove = useSubmit(async () => {
    if (!transaction) return;
    await deleteTransaction(transaction.id);
    say("Transaction deleted");
    onDone();
  });
  return (
    <Dialog title={transaction ? "Edit transaction" : "Add transaction"} onClose={onClose}>
      <form onSubmit={save.onSubmit} noValidate>
        <FormError text={save.error ?? remove.error} />
        <fieldset className="segments">
          <legend className="sr-only">Kind</legend>
          {(["expense", "income"] as const).map((k) => (
            <label key={k} className="segment">
              <input type="radio" name="kind" checked={kind === k} onChange={() => setKind(k)} />
              <span>{k === "expense" ? "Expense" : "Income"}</span>
            </label>
          ))}
        </fieldset>
        <div className="field-pair">
          <Field label={`Amount (${currency})`} error={save.fields.amount_cents}>
            {(a) => <input {...a} inputMode="decimal" autoComplete="off" value={amount} onChange={(e) => setAmount(e.target.value)} />}
          </Field>
          <Field label="Date" error={save.fields.date}>
            {(a) => <input {...a} type="date" value={date} onChange={(e) => setDate(e.target.value)} />}
          </Field>
        </div>
        <Field label="Description" error={save.fields.description}>
          {(a) => <input {...a} autoComplete="off" maxLength={200} value={description} onChange={(e) => setDescription(e.target.value)} />}
        </Field>
        <Field label="Category" error={save.fields.category_id} hint={transaction ? undefined : "Left open, it is guessed from the description."}>
          {(a) => (
            <select {...a} value={chosen} onChange={(e) => setCategory(e.target.value)}>
              <option value="">{transaction ? "As it is" : "Guess it"}</option>
              {choices.map((c) => <option key={c.id} value={c.id}>{c.name}</option>)}
            </select>
          )}
        </Field>
        <div className="dialog-actions">
          {transaction && <button type="button" className="button is-danger-quiet" disabled={remove.busy} onClick={remove.onSubmit}>Delete</button>}
          <button type="submit" className="button is-primary" disabled={save.busy}>{save.busy ? "Saving…" : "Save"}</button>
        </div>
      </form>
    </Dialog>
  );
}
