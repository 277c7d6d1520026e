// The state of the development API: users, their data, and the sums that the real services compute.
// Development only: the built app and the tests of the stack never see it.
import { randomUUID } from "node:crypto";

const CATEGORIES = [
  ["Groceries", "expense", "#3f9c6b", "cart"], ["Rent", "expense", "#4a6fb0", "home"], ["Utilities", "expense", "#b08a3c", "bolt"],
  ["Transport", "expense", "#7a5fb5", "bus"], ["Dining out", "expense", "#d0703c", "fork"], ["Subscriptions", "expense", "#b94f78", "repeat"],
  ["Shopping", "expense", "#4d9fa8", "bag"], ["Health", "expense", "#8c9a3a", "heart"], ["Other", "expense", "#84908b", "dot"],
  ["Salary", "income", "#2f8f6f", "coin"], ["Other income", "income", "#6aa383", "plus"],
];
const WORDS = {
  Groceries: /rewe|aldi|lidl|tesco|sains|market|grocer|whole ?foods|edeka/i, Rent: /rent|miete|landlord/i, Utilities: /stadtwerke|electric|water|energy|gas/i,
  Transport: /bahn|uber|shell|rail|fuel|transport|\btfl\b/i, "Dining out": /cafe|restaurant|pizza|bistro|pub|coffee|bäckerei/i,
  Subscriptions: /netflix|spotify|prime|icloud|gym/i, Shopping: /amazon|zalando|target|ikea|shop/i, Health: /pharmacy|apotheke|doctor|dent/i,
  Salary: /salary|gehalt|payroll|wages/i,
};

const users = new Map();
const DIGITS = { JPY: 0, KRW: 0, KWD: 3, BHD: 3 };
export const digitsOf = (space) => DIGITS[space.user.currency] ?? 2;
export const plain = (space, cents) => (cents / 10 ** digitsOf(space)).toFixed(digitsOf(space));

export function newUser(body) {
  const user = { id: randomUUID(), email: body.email, name: body.name, currency: body.currency ?? "EUR", email_notifications: true, verified: true, created_at: new Date().toISOString() };
  const categories = CATEGORIES.map(([name, kind, color, icon]) => ({ id: randomUUID(), name, kind, color, icon }));
  const space = { user, password: body.password, categories, transactions: [], imports: [], budgets: [], notifications: [], chat: [] };
  users.set(user.id, space);
  return space;
}
export const spaceOf = (id) => users.get(id);
export const byEmail = (email) => [...users.values()].find((s) => s.user.email === email);

export function addTransaction(space, { date, amount_cents, description, category_id }, source = "manual") {
  const category = space.categories.find((c) => c.id === category_id) ?? guess(space, description, amount_cents);
  const t = { id: randomUUID(), date, amount_cents, description, category_id: category.id, category_name: category.name, source, created_at: new Date().toISOString() };
  space.transactions.push(t);
  return t;
}

function guess(space, text, cents) {
  const name = Object.keys(WORDS).find((key) => WORDS[key].test(text)) ?? (cents > 0 ? "Other income" : "Other");
  return space.categories.find((c) => c.name === name) ?? space.categories[0];
}

const has = (value) => value !== null && value !== "";
export function filtered(space, q) {
  const low = (q.get("q") ?? "").toLowerCase();
  return space.transactions
    .filter((t) => (!has(q.get("from")) || t.date >= q.get("from")) && (!has(q.get("to")) || t.date <= q.get("to")))
    .filter((t) => !has(q.get("category_id")) || t.category_id === q.get("category_id"))
    .filter((t) => !has(q.get("kind")) || (q.get("kind") === "income") === t.amount_cents > 0)
    .filter((t) => t.description.toLowerCase().includes(low))
    .sort((a, b) => b.date.localeCompare(a.date));
}

const sum = (rows) => rows.reduce((total, t) => total + t.amount_cents, 0);
const inAndOut = (rows) => ({ income_cents: sum(rows.filter((t) => t.amount_cents > 0)), expense_cents: sum(rows.filter((t) => t.amount_cents < 0)) });
function groups(rows, key) {
  const found = new Map();
  for (const row of rows) found.set(key(row), [...(found.get(key(row)) ?? []), row]);
  return [...found];
}

export function summary(space, q) {
  const rows = filtered(space, q);
  const by_category = groups(rows, (t) => t.category_id).map(([id, some]) => {
    const c = space.categories.find((x) => x.id === id);
    return { category_id: id, name: c.name, color: c.color, amount_cents: sum(some), count: some.length };
  });
  const by_month = groups(rows, (t) => t.date.slice(0, 7)).map(([month, some]) => ({ month, ...inAndOut(some) }));
  return { ...inAndOut(rows), by_category, by_month: by_month.sort((a, b) => a.month.localeCompare(b.month)) };
}

export function budgetsOf(space, month) {
  return space.budgets.map((b) => {
    const spent = -sum(space.transactions.filter((t) => t.category_id === b.category_id && t.date.startsWith(month) && t.amount_cents < 0));
    const percent = Math.round((spent / b.limit_cents) * 1000) / 10;
    return { ...b, month, spent_cents: spent, left_cents: b.limit_cents - spent, percent, state: percent >= 100 ? "exceeded" : percent >= 80 ? "near" : "ok" };
  });
}

export function notify(space, kind, title, body, link) {
  space.notifications.unshift({ id: randomUUID(), kind, title, body, link, read: false, created_at: new Date().toISOString() });
}

export function checkBudgets(space) {
  const month = new Date().toISOString().slice(0, 7);
  for (const b of budgetsOf(space, month)) {
    const kind = b.state === "ok" ? null : `budget.${b.state}`;
    if (!kind || space.notifications.some((n) => n.kind === kind && n.title.includes(b.category_name))) continue;
    notify(space, kind, `${b.category_name}: ${b.state === "near" ? "80 % of the limit is used" : "over the limit"}`, `${plain(space, b.spent_cents)} of ${plain(space, b.limit_cents)} spent this month.`, "/budgets");
  }
}

export function insights(space) {
  if (space.transactions.length === 0) return [];
  const month = new Date().toISOString().slice(0, 7);
  return [
    { id: randomUUID(), kind: "trend", title: "Dining out is up 24 %", body: "More than your average of the last three months.", severity: "warn", amount_cents: -18450, category_name: "Dining out", month },
    { id: randomUUID(), kind: "subscription", title: "4 subscriptions found", body: "Netflix, Spotify, iCloud and the gym come every month.", severity: "info", amount_cents: -7196, month },
    { id: randomUUID(), kind: "anomaly", title: "An unusual payment", body: "Amazon, five times your usual amount there.", severity: "warn", amount_cents: -49900, month },
    { id: randomUUID(), kind: "saving", title: "A cheaper basket", body: "A tenth less on groceries would free this a year.", severity: "info", amount_cents: 50400, month },
  ];
}

export function forecast(space, count) {
  const months = summary(space, new URLSearchParams()).by_month;
  if (months.length < 2) return { items: [], method: "mean" };
  const mean = (key) => Math.round(months.slice(-6).reduce((s, m) => s + m[key], 0) / Math.min(6, months.length));
  const [year, month] = months.at(-1).month.split("-").map(Number);
  const items = Array.from({ length: count }, (_, i) => {
    const expense = mean("expense_cents");
    const spread = Math.abs(expense) * (0.08 + 0.05 * i);
    return { month: new Date(Date.UTC(year, month + i, 1)).toISOString().slice(0, 7), income_cents: mean("income_cents"), expense_cents: expense, low_cents: Math.round(expense - spread), high_cents: Math.round(expense + spread) };
  });
  return { items, method: "mean of six months" };
}
