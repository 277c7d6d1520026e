// What happens when a page cannot be shown: a release took its script away (then the new app is loaded), or it failed.
import { Component, lazy, type ComponentType, type ReactNode } from "react";
import { ErrorState } from "../ui/States";

const KEY = "budgetcoach.reloaded";
const ONCE_IN_MS = 20_000;

interface Module<Props> {
  default: ComponentType<Props>;
}

/** A page loaded on demand. When its script is gone, as after a release, the app is loaded anew; not twice in a row. */
export function page<Props = object>(load: () => Promise<Module<Props>>): ComponentType<Props> {
  return lazy(() => load().catch(reloadApp)) as ComponentType<Props>;
}

// Never resolves where it reloads: the page goes on saying that it loads until the new app is there.
function reloadApp(fault: unknown): Promise<never> {
  const last = Number(sessionStorage.getItem(KEY));
  if (Date.now() - last < ONCE_IN_MS) throw fault;
  sessionStorage.setItem(KEY, String(Date.now()));
  location.reload();
  return new Promise(() => undefined);
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
