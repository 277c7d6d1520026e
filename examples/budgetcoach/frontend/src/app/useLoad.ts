// Loading from the API: data, error and loading for a call, told again by reload() or at an interval.
import { useCallback, useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  data: T | undefined;
  error: Error | undefined;
  loading: boolean;
  reload: () => void;
}

interface State<T> {
  data?: T;
  error?: Error;
  loading: boolean;
}

/**
 * Runs `call` now and whenever a value of `deps` changes; keeps the last data while it asks again.
 * With `everyMs` it repeats quietly while the page is visible: an error then keeps the data that is shown.
 */
export function useLoad<T>(call: (signal: AbortSignal) => Promise<T>, deps: unknown[], everyMs?: number): Loaded<T> {
  const [state, setState] = useState<State<T>>({ loading: true });
  const [round, setRound] = useState(0);
  const latest = useRef(call);
  latest.current = call;

  useEffect(() => {
    const abort = new AbortController();
    const ask = (quiet: boolean) =>
      latest.current(abort.signal).then(
        (data) => setState({ data, loading: false }),
        (error: Error) => {
          if (!abort.signal.aborted && !quiet) setState((old) => ({ data: old.data, error, loading: false }));
        },
      );
    setState((old) => ({ data: old.data, loading: true }));
    void ask(false);
    const timer = everyMs ? setInterval(() => document.visibilityState === "visible" && void ask(true), everyMs) : 0;
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [...deps, round, everyMs]);

  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { data: state.data, error: state.error, loading: state.loading, reload };
}
