// The shapes of the API (docs/api.md). Money is an integer of minor units; expenses are negative.

export interface User {
  id: string;
  email: string;
  name: string;
  currency: string;
  email_notifications: boolean;
  /** Whether the owner has shown that mail reaches them; before that the app sends none. */
  verified: boolean;
  created_at: string;
}

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  page_size: number;
}

export type Kind = "expense" | "income";

export interface Category {
  id: string;
  name: string;
  kind: Kind;
  color: string;
  icon?: string;
}

export interface Transaction {
  id: string;
  date: string;
  amount_cents: number;
  description: string;
  category_id: string | null;
  category_name: string | null;
  source: "manual" | "import";
  created_at: string;
}

export interface TransactionInput {
  date: string;
  amount_cents: number;
  description: string;
  category_id?: string;
}

export interface TransactionFilter {
  from?: string;
  to?: string;
  category_id?: string;
  q?: string;
  kind?: string;
  page?: number;
  page_size?: number;
  sort?: string;
}

export interface CategorySum {
  category_id: string | null;
  name: string;
  color: string;
  amount_cents: number;
  count: number;
}

export interface MonthSum {
  month: string;
  income_cents: number;
  expense_cents: number;
}

export interface Summary {
  income_cents: number;
  expense_cents: number;
  by_category: CategorySum[];
  by_month: MonthSum[];
}

export interface ImportFormat {
  separator?: string;
  encoding?: string;
  decimal?: string;
  date_order?: string;
  /** False where every day of the file is at most 12: then the order is an assumption. */
  date_order_sure?: boolean;
  /** Part of a transaction to the name of the column it was read from. */
  columns?: Record<string, string>;
}

export interface ImportJob {
  id: string;
  filename: string;
  status: "queued" | "running" | "done" | "failed";
  /** Why the whole file failed. */
  error?: string | null;
  total_lines: number | null;
  done_lines: number;
  imported: number;
  duplicates: number;
  failed: number;
  format: ImportFormat | null;
  created_at: string;
  finished_at: string | null;
}

export interface ImportError {
  line: number;
  text: string;
  reason: string;
}

export type BudgetState = "ok" | "near" | "exceeded";

export interface Budget {
  id: string;
  category_id: string;
  category_name: string;
  limit_cents: number;
  spent_cents: number;
  left_cents: number;
  percent: number;
  state: BudgetState;
  month: string;
}

export interface Notification {
  id: string;
  kind: string;
  title: string;
  body: string;
  read: boolean;
  created_at: string;
  link: string | null;
}

export interface Inbox extends Page<Notification> {
  unread: number;
}

export interface Insight {
  id: string;
  kind: "trend" | "anomaly" | "saving" | "subscription";
  title: string;
  body: string;
  severity: "info" | "warn";
  amount_cents?: number | null;
  category_name?: string | null;
  month: string;
}

export interface ForecastMonth extends MonthSum {
  low_cents: number;
  high_cents: number;
}

export interface Forecast {
  items: ForecastMonth[];
  method: string;
}

export interface ChatMessage {
  id: string;
  role: "user" | "coach";
  text: string;
  provider?: string | null;
  created_at: string;
}

export interface ChatUsage {
  provider: string;
  month: string;
  spent_cents: number;
  cap_cents: number;
}
