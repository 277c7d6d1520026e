// The development API's import job: a plain reader of three bank formats that takes its time, to show progress.
import { randomUUID } from "node:crypto";
import { addTransaction, checkBudgets, digitsOf, notify } from "./store.mjs";

const STEP = 400;
const STEP_MS = 350;

export function startImport(space, filename, bytes) {
  const job = { id: randomUUID(), filename, status: "queued", total_lines: 0, done_lines: 0, imported: 0, duplicates: 0, failed: 0, format: null, created_at: new Date().toISOString(), finished_at: null, errors: [] };
  space.imports.unshift(job);
  setTimeout(() => run(space, job, bytes), STEP_MS);
  return job;
}

function run(space, job, bytes) {
  const utf8 = Buffer.from(bytes).toString("utf8");
  const isUtf8 = !utf8.includes("\ufffd");
  const lines = (isUtf8 ? utf8 : Buffer.from(bytes).toString("latin1")).split(/\r?\n/).filter(Boolean);
  const separator = lines[0].includes(";") ? ";" : ",";
  const head = cells(lines[0], separator).map((c) => c.toLowerCase());
  const at = (words) => head.findIndex((h) => words.some((w) => h.includes(w)));
  const col = { date: at(["buchungstag", "date"]), text: at(["zweck", "description", "memo"]), amount: at(["betrag", "amount"]), debit: at(["debit"]), credit: at(["credit"]) };
  const us = col.debit >= 0;
  job.format = { separator, encoding: isUtf8 ? "utf-8" : "cp1252", decimal: separator === ";" ? "," : ".", date_order: us ? "MDY" : "DMY", columns: Object.fromEntries(Object.entries(col).filter(([, v]) => v >= 0).map(([k, v]) => [k, head[v]])) };
  job.status = "running";
  const body = lines.slice(1);
  job.total_lines = body.length;
  const seen = new Set(space.transactions.map((t) => `${t.date}|${t.amount_cents}|${t.description}`));
  const step = () => {
    for (const line of body.slice(job.done_lines, job.done_lines + STEP)) take(space, job, col, us, seen, line, separator);
    if (job.done_lines < body.length) return setTimeout(step, STEP_MS);
    job.status = "done";
    job.finished_at = new Date().toISOString();
    notify(space, "import.finished", `${job.filename} is in`, `${job.imported} imported, ${job.duplicates} already here, ${job.failed} refused.`, "/import");
    return checkBudgets(space);
  };
  step();
}

function take(space, job, col, us, seen, line, separator) {
  job.done_lines += 1;
  const row = cells(line, separator);
  const fail = (reason) => { job.failed += 1; job.errors.push({ line: job.done_lines + 1, text: line, reason }); };
  const date = day(row[col.date] ?? "", us);
  if (!date) return fail("the date cannot be read");
  const digits = digitsOf(space);
  const cents = us ? number(row[col.credit], digits) - number(row[col.debit], digits) : number(row[col.amount], digits);
  if (!Number.isFinite(cents) || cents === 0) return fail("the amount cannot be read");
  const key = `${date}|${cents}|${row[col.text]}`;
  if (seen.has(key)) { job.duplicates += 1; return undefined; }
  seen.add(key);
  job.imported += 1;
  return addTransaction(space, { date, amount_cents: cents, description: row[col.text] }, "import");
}

const cells = (line, separator) => (line.match(separator === ";" ? /("[^"]*"|[^;]*)(;|$)/g : /("[^"]*"|[^,]*)(,|$)/g) ?? []).map((c) => c.replace(/[;,]$/, "").replace(/^"|"$/g, "").trim());

function day(text, us) {
  const parts = text.match(/^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/);
  if (!parts) return null;
  const [, a, b, year] = parts;
  const [month, d] = us ? [a, b] : [b, a];
  return Number(month) <= 12 && Number(d) <= 31 ? `${year}-${month.padStart(2, "0")}-${d.padStart(2, "0")}` : null;
}

function number(text = "", digits = 2) {
  if (text === "") return 0;
  const mark = digits === 0 ? -1 : Math.max(text.lastIndexOf(","), text.lastIndexOf("."));
  const tail = mark < 0 ? "0".repeat(digits) : text.slice(mark + 1);
  const whole = (mark < 0 ? text : text.slice(0, mark)).replace(/[.,\s]/g, "");
  return /^-?\d+$/.test(whole) && /^\d*$/.test(tail) && tail.length === digits ? Number(whole + tail) : NaN;
}
