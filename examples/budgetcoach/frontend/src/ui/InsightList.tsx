// Findings of the coach, one a row.
import type { Insight } from "../api/types";
import { useUser } from "../app/session";
import { formatMoney } from "../lib/money";
import { Icon, type IconName } from "./Icon";

const ICONS: Record<Insight["kind"], IconName> = { trend: "trend", anomaly: "warn", saving: "coin", subscription: "repeat" };

export function InsightList({ items }: { items: Insight[] }) {
  const { currency } = useUser();
  return (
    <ul className="insights">
      {items.map((item) => (
        <li key={item.id} className={`insight is-${item.severity}`}>
          <span className="insight-icon"><Icon name={ICONS[item.kind] ?? "spark"} /></span>
          <div>
            <h3>{item.title}</h3>
            <p>{item.body}</p>
          </div>
          {item.amount_cents != null && <span className="money">{formatMoney(Math.abs(item.amount_cents), currency)}</span>}
        </li>
      ))}
    </ul>
  );
}
