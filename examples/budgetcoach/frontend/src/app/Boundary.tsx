// What happens when a page cannot be shown: a release took its script away (then the new app is loaded), or it failed.
import { Component, type ReactNode } from "react";
import { ErrorState } from "../ui/States";

const KEY = "budgetcoach.reloaded";
const ONCE_IN_MS = 20_000;

/** Loads the app anew when a lazily loaded part is gone, as after a release; not twice in a row. */
export function reloadAfterRelease(): void {
  window.addEventListener("vite:preloadError", (event) => {
    const last = Number(sessionStorage.getItem(KEY));
    if (Date.now() - last < ONCE_IN_MS) return;
    event.preventDefault();
    sessionStorage.setItem(KEY, String(Date.now()));
    location.reload();
  });
}

export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    const error = new Error("This page could not be shown.");
    return (
      <>
        <h1 className="sr-only">Something went wrong</h1>
        <ErrorState error={error} retry={() => location.reload()} />
      </>
    );
  }
}
