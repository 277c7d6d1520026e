// Who is signed in: found at load by the refresh cookie, kept in memory, dropped when the session ends.
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import * as api from "../api/calls";
import { ApiError, refresh, setAccessToken, whenSignedOut } from "../api/client";
import type { User } from "../api/types";

type State = { status: "loading" } | { status: "out" } | { status: "in"; user: User } | { status: "error"; error: Error };

interface SessionValue {
  state: State;
  signIn: (session: api.Session) => void;
  signOut: () => Promise<void>;
  setUser: (user: User) => void;
  retry: () => void;
}

const SessionContext = createContext<SessionValue | null>(null);

async function restore(): Promise<State> {
  try {
    if (!(await refresh())) return { status: "out" };
    return { status: "in", user: await api.getMe() };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { status: "out" };
    return { status: "error", error: error instanceof Error ? error : new Error(String(error)) };
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ status: "loading" });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let current = true;
    whenSignedOut(() => setState({ status: "out" }));
    void restore().then((next) => current && setState(next));
    return () => {
      current = false;
    };
  }, [attempt]);

  const signIn = useCallback((session: api.Session) => {
    setAccessToken(session.access_token);
    setState({ status: "in", user: session.user });
  }, []);
  const signOut = useCallback(async () => {
    await api.logout().catch(() => undefined);
    setAccessToken(null);
    setState({ status: "out" });
  }, []);
  const setUser = useCallback((user: User) => setState({ status: "in", user }), []);
  const retry = useCallback(() => {
    setState({ status: "loading" });
    setAttempt((n) => n + 1);
  }, []);

  const value = useMemo(() => ({ state, signIn, signOut, setUser, retry }), [state, signIn, signOut, setUser, retry]);
  return <SessionContext value={value}>{children}</SessionContext>;
}

export function useSession(): SessionValue {
  const value = use(SessionContext);
  if (!value) throw new Error("useSession outside SessionProvider");
  return value;
}

/** The signed-in user; only for pages inside the shell, which is shown to nobody else. */
export function useUser(): User {
  const { state } = useSession();
  if (state.status !== "in") throw new Error("useUser without a session");
  return state.user;
}
