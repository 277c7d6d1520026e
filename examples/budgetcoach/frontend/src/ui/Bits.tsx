// Small parts used on several pages: page head, card, meter, pager, month picker, category mark.
import type { ReactNode } from "react";
import { addMonths, formatMonth } from "../lib/dates";
import { Icon } from "./Icon";

export function PageHead({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  return (
    <div className="page-head">
      <div>
        <h1>{title}</h1>
        {text && <p className="lead">{text}</p>}
      </div>
      {children && <div className="page-actions">{children}</div>}
    </div>
  );
}

interface CardProps {
  title: string;
  note?: ReactNode;
  action?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Card({ title, note, action, className = "", children }: CardProps) {
  return (
    <section className={`card ${className}`} aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        {note && <span className="card-note">{note}</span>}
        {action}
      </div>
      {children}
    </section>
  );
}

/** A bar of `percent` of its length, coloured by state; over 100 it is full. */
export function Meter({ percent, state, label }: { percent: number; state: string; label: string }) {
  const shown = Math.max(0, Math.min(100, Math.round(percent)));
  return (
    <div className={`meter is-${state}`} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100}
      aria-valuenow={shown} aria-valuetext={`${Math.round(percent)} %`}>
      <span className="meter-fill" style={{ width: `${shown}%` }} />
    </div>
  );
}

interface PagerProps {
  page: number;
  pageSize: number;
  total: number;
  onPage: (page: number) => void;
}

export function Pager({ page, pageSize, total, onPage }: PagerProps) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  if (last === 1) return null;
  return (
    <nav className="pager" aria-label="Pages">
      <button type="button" className="icon-button" disabled={page <= 1} onClick={() => onPage(page - 1)} aria-label="Previous page">
        <Icon name="left" />
      </button>
      <span aria-live="polite">Page {page} of {last}</span>
      <button type="button" className="icon-button" disabled={page >= last} onClick={() => onPage(page + 1)} aria-label="Next page">
        <Icon name="right" />
      </button>
    </nav>
  );
}

export function MonthPicker({ month, max, onMonth }: { month: string; max: string; onMonth: (month: string) => void }) {
  return (
    <div className="month-picker" role="group" aria-label="Month">
      <button type="button" className="icon-button" onClick={() => onMonth(addMonths(month, -1))} aria-label="Previous month">
        <Icon name="left" />
      </button>
      <span className="month-name" aria-live="polite">{formatMonth(month)}</span>
      <button type="button" className="icon-button" disabled={month >= max} onClick={() => onMonth(addMonths(month, 1))} aria-label="Next month">
        <Icon name="right" />
      </button>
    </div>
  );
}

export function CategoryMark({ color, name }: { color?: string; name: string }) {
  return (
    <span className="category">
      <span className="dot" style={color ? { backgroundColor: color } : undefined} aria-hidden="true" />
      {name}
    </span>
  );
}
