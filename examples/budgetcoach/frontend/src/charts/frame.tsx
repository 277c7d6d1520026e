// What every chart shares: the width of its place, its axis, and the same figures as a table for screen readers.
import { useEffect, useRef, useState, type RefObject } from "react";
import { formatMoney } from "../lib/money";

/** The width of an element in pixels, followed as it changes; a usable guess until it is measured. */
export function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(200, Math.floor(entry.contentRect.width))));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [ref, width];
}

interface AxisProps {
  values: number[];
  y: (value: number) => number;
  left: number;
  right: number;
  currency: string;
}

/** Horizontal grid lines with short money labels at the left. */
export function MoneyAxis({ values, y, left, right, currency }: AxisProps) {
  return (
    <g className="axis">
      {values.map((value) => (
        <g key={value}>
          <line x1={left} x2={right} y1={y(value)} y2={y(value)} className={value === 0 ? "axis-zero" : "axis-line"} />
          <text x={left - 8} y={y(value) + 4} textAnchor="end">{formatMoney(value, currency, { compact: true })}</text>
        </g>
      ))}
    </g>
  );
}

interface TableProps {
  caption: string;
  head: string[];
  rows: string[][];
}

export function ChartTable({ caption, head, rows }: TableProps) {
  return (
    <div className="sr-only">
      <table>
        <caption>{caption}</caption>
        <thead><tr>{head.map((cell) => <th key={cell} scope="col">{cell}</th>)}</tr></thead>
        <tbody>
          {rows.map(([first, ...rest]) => (
            <tr key={first}>
              <th scope="row">{first}</th>
              {rest.map((cell, i) => <td key={head[i + 1]}>{cell}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
