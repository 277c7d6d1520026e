// What a page shows when there is nothing to show yet, nothing at all, or a fault.
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import type { Loaded } from "../app/useLoad";
import { Icon, type IconName } from "./Icon";

export function LoadingState({ label = "Loading" }: { label?: string }) {
  return (
    <div className="state" role="status">
      <span className="spinner" aria-hidden="true" />
      <span>{label}…</span>
    </div>
  );
}

interface EmptyProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="state">
      <span className="state-icon"><Icon name={icon} /></span>
      <p className="state-title">{title}</p>
      {children && <p className="state-text">{children}</p>}
      {action}
    </div>
  );
}

export function ErrorState({ error, retry }: { error: Error; retry?: () => void }) {
  const id = error instanceof ApiError ? error.correlationId : null;
  return (
    <div className="state" role="alert">
      <span className="state-icon is-danger"><Icon name="warn" /></span>
      <p className="state-title">{error.message || "Something went wrong."}</p>
      {id && <p className="state-text">Reference <code>{id}</code></p>}
      {retry && <button type="button" className="button" onClick={retry}>Try again</button>}
    </div>
  );
}

/** Shows the loading or error state of `loaded`, and `children` once there is data. */
export function Await<T>({ loaded, label, children }: { loaded: Loaded<T>; label?: string; children: (data: T) => ReactNode }) {
  if (loaded.data !== undefined) return <>{children(loaded.data)}</>;
  if (loaded.error) return <ErrorState error={loaded.error} retry={loaded.reload} />;
  return <LoadingState label={label} />;
}
