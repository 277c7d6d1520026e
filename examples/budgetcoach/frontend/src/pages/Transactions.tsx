// All transactions: filters kept in the address, pages, and a dialog to add, change or delete one.
import { useEffect, useState } from "react";
import { getCategories, getTransactions } from "../api/calls";
import type { Category, Page, Transaction, TransactionFilter } from "../api/types";
import { Link, navigate, useLocation } from "../app/router";
import { useUser } from "../app/session";
import { useLoad } from "../app/useLoad";
import { queryString } from "../api/client";
import { formatDay } from "../lib/dates";
import { formatMoney } from "../lib/money";
import { CategoryMark, PageHead, Pager } from "../ui/Bits";
import { Icon } from "../ui/Icon";
import { Await, EmptyState } from "../ui/States";
import { TransactionDialog } from "./TransactionDialog";

const PAGE_SIZE = 25;
const TYPING_MS = 300;
const FILTERS = ["from", "to", "category_id", "q", "kind"] as const;
type Filter = Partial<Record<(typeof FILTERS)[number], string>>;

export default function Transactions() {
  const { query } = useLocation();
  const filter: Filter = Object.fromEntries(FILTERS.flatMap((key) => (query.get(key) ? [[key, query.get(key) as string]] : [])));
  const page = Math.max(1, Number(query.get("page")) || 1);
  const [open, setOpen] = useState<Transaction | "new" | null>(null);
  const categories = useLoad((signal) => getCategories(signal), []);
  const ask: TransactionFilter = { ...filter, page, page_size: PAGE_SIZE, sort: "-date" };
  const list = useLoad((signal) => getTransactions(ask, signal), [JSON.stringify(ask)]);
  const show = (next: Filter, nextPage = 1) =>
    navigate(`/transactions${queryString({ ...next, page: nextPage > 1 ? nextPage : undefined })}`, { replace: true });
  const known = categories.data?.items ?? [];
  return (
    <>
      <PageHead title="Transactions">
        <Link className="button" to="/import"><Icon name="upload" />Import</Link>
        <button type="button" className="button is-primary" onClick={() => setOpen("new")}><Icon name="plus" />Add</button>
      </PageHead>
      <Filters filter={filter} categories={known} onChange={show} />
      <Await loaded={list} label="Reading transactions">
        {(data) => <Table data={data} categories={known} filtered={Object.keys(filter).length > 0} busy={list.loading}
          onOpen={setOpen} onClear={() => show({})} onPage={(next) => show(filter, next)} />}
      </Await>
      {open && (
        <TransactionDialog transaction={open === "new" ? null : open} categories={known} onClose={() => setOpen(null)}
          onDone={() => {
            setOpen(null);
            list.reload();
          }} />
      )}
    </>
  );
}

interface FiltersProps {
  filter: Filter;
  categories: Category[];
  onChange: (filter: Filter) => void;
}

function Filters({ filter, categories, onChange }: FiltersProps) {
  const [text, setText] = useState(filter.q ?? "");
  useEffect(() => {
    if (text === (filter.q ?? "")) return undefined;
    const timer = setTimeout(() => onChange({ ...filter, q: text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => setText(filter.q ?? ""), [filter.q]);
  const set = (key: keyof Filter) => (event: { target: { value: string } }) => onChange({ ...filter, [key]: event.target.value });
  return (
    <form className="filters" role="search" aria-label="Filter transactions" onSubmit={(e) => e.preventDefault()}>
      <label className="filter-search">
        <span className="filter-label">Search</span>
        <input type="search" value={text} placeholder="Description" onChange={(e) => setText(e.target.value)} />
      </label>
      <label>
        <span className="filter-label">Category</span>
        <select value={filter.category_id ?? ""} onChange={set("category_id")}>
          <option value="">All</option>
          {categories.map((c) => <option key={c.id} value={c.id}>{c.name}</option>)}
        </select>
      </label>
      <label>
        <span className="filter-label">Kind</span>
        <select value={filter.kind ?? ""} onChange={set("kind")}>
          <option value="">In and out</option>
          <option value="expense">Expenses</option>
          <option value="income">Income</option>
        </select>
      </label>
      <label>
        <span className="filter-label">From</span>
        <input type="date" value={filter.from ?? ""} onChange={set("from")} />
      </label>
      <label>
        <span className="filter-label">To</span>
        <input type="date" value={filter.to ?? ""} onChange={set("to")} />
      </label>
    </form>
  );
}

interface TableProps {
  data: Page<Transaction>;
  categories: Category[];
  filtered: boolean;
  busy: boolean;
  onOpen: (transaction: Transaction) => void;
  onClear: () => void;
  onPage: (page: number) => void;
}

function Table({ data, categories, filtered, busy, onOpen, onClear, onPage }: TableProps) {
  const { currency } = useUser();
  const colors = new Map(categories.map((c) => [c.id, c.color]));
  if (data.total === 0 && filtered) {
    return <EmptyState icon="search" title="Nothing matches" action={<button type="button" className="button" onClick={onClear}>Clear the filters</button>} />;
  }
  if (data.total === 0) {
    return <EmptyState icon="list" title="No transactions yet" action={<Link className="button is-primary" to="/import">Import a bank export</Link>} />;
  }
  return (
    <div className={busy ? "card is-flush is-busy" : "card is-flush"} aria-busy={busy}>
      <table className="table transactions">
        <caption className="sr-only">Transactions, newest first</caption>
        <thead>
          <tr><th scope="col">Date</th><th scope="col">Description</th><th scope="col">Category</th><th scope="col" className="end">Amount</th></tr>
        </thead>
        <tbody>
          {data.items.map((t) => (
            <tr key={t.id}>
              <td className="t-date">{formatDay(t.date)}</td>
              <td className="t-text">
                <button type="button" className="row-button" onClick={() => onOpen(t)}>
                  {t.description}
                  <span className="sr-only">, edit</span>
                </button>
              </td>
              <td className="t-category"><CategoryMark name={t.category_name ?? "No category"} color={colors.get(t.category_id ?? "")} /></td>
              <td className={t.amount_cents > 0 ? "t-amount money end is-income" : "t-amount money end"}>{formatMoney(t.amount_cents, currency, { signed: true })}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="table-foot">
        <span>{new Intl.NumberFormat().format(data.total)} {data.total === 1 ? "transaction" : "transactions"}</span>
        <Pager page={data.page} pageSize={data.page_size} total={data.total} onPage={onPage} />
      </div>
    </div>
  );
}
