// Where the money of a month went: a ring with its total, and the ranked categories beside it.
import { formatMoney } from "../lib/money";
import { slices, topAndRest } from "../lib/scale";
import { CategoryMark } from "../ui/Bits";

const TOP = 6;
const RADIUS = 58;
const ROUND = 2 * Math.PI * RADIUS;
const GAP = 2;

export interface CategoryShare {
  name: string;
  color: string;
  cents: number;
}

const sumUp = (rows: CategoryShare[]): CategoryShare => ({
  name: `${rows.length} more`,
  color: "#8b9691",
  cents: rows.reduce((sum, row) => sum + row.cents, 0),
});

export function CategoryRing({ rows, currency }: { rows: CategoryShare[]; currency: string }) {
  const shown = topAndRest(rows, TOP, (row) => row.cents, sumUp);
  const parts = slices(shown.map((row) => row.cents));
  const total = shown.reduce((sum, row) => sum + row.cents, 0);
  return (
    <div className="ring-chart">
      <svg className="ring" viewBox="0 0 150 150" role="img" aria-label={`Spent in all: ${formatMoney(total, currency)}`}>
        {shown.map((row, i) => {
          const part = parts[i] ?? { start: 0, share: 0 };
          const length = Math.max(0, part.share * ROUND - (parts.length > 1 ? GAP : 0));
          return (
            <circle key={row.name} cx={75} cy={75} r={RADIUS} stroke={row.color}
              strokeDasharray={`${length} ${ROUND - length}`} strokeDashoffset={-part.start * ROUND} />
          );
        })}
        <text x={75} y={70} className="ring-label">Spent</text>
        <text x={75} y={90} className="ring-total">{formatMoney(total, currency, { whole: true })}</text>
      </svg>
      <ol className="ring-list">
        {shown.map((row, i) => (
          <li key={row.name}>
            <CategoryMark color={row.color} name={row.name} />
            <span className="money">{formatMoney(row.cents, currency, { whole: true })}</span>
            <span className="share">{Math.round((parts[i]?.share ?? 0) * 100)} %</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
