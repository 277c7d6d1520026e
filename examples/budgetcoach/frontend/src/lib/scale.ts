// Arithmetic of the charts: round axis steps, positions on an axis, and the slices of a ring.

/** The axis of a chart from 0 or `low` to `high` in about `count` round steps (1, 2, 2.5 or 5 times ten). */
export function ticks(low: number, high: number, count = 4): number[] {
  const bottom = Math.min(0, low);
  const top = Math.max(0, high);
  if (top === bottom) return [0, 1];
  const step = roundStep((top - bottom) / count);
  const first = Math.floor(bottom / step);
  const last = Math.ceil(top / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 2.5, 5, 10].find((f) => f * power >= raw) ?? 10;
  return factor * power;
}

/** A linear scale: from the domain [d0, d1] to the pixels [r0, r1]. */
export function linear(d0: number, d1: number, r0: number, r1: number): (value: number) => number {
  const slope = d1 === d0 ? 0 : (r1 - r0) / (d1 - d0);
  return (value) => r0 + (value - d0) * slope;
}

export interface Slice {
  /** Start and length as shares of the whole ring, 0 to 1. */
  start: number;
  share: number;
}

/** The slices of a ring, in the order given; values of zero or less get none of it. */
export function slices(values: number[]): Slice[] {
  const total = values.reduce((sum, v) => sum + Math.max(0, v), 0);
  let start = 0;
  return values.map((value) => {
    const slice = { start, share: total === 0 ? 0 : Math.max(0, value) / total };
    start += slice.share;
    return slice;
  });
}

/** The `count` biggest, and one row for all the rest when there are more. */
export function topAndRest<T>(rows: T[], count: number, size: (row: T) => number, rest: (rows: T[]) => T): T[] {
  const sorted = [...rows].sort((a, b) => size(b) - size(a));
  if (sorted.length <= count + 1) return sorted;
  return [...sorted.slice(0, count), rest(sorted.slice(count))];
}
