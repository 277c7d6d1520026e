// The routes. Visitors see sign-up and log-in; everybody else sees the shell around a page loaded on demand.
import { Suspense, useEffect, type ComponentType } from "react";
import type { Door } from "../pages/Auth";
import { ErrorState, LoadingState } from "../ui/States";
import { ToastProvider } from "../ui/Toast";
import { Boundary, page } from "./Boundary";
import { UnreadProvider } from "./inbox";
import { navigate, safePath, useLocation } from "./router";
import { SessionProvider, useSession } from "./session";
import { Shell } from "./Shell";

interface Route {
  title: string;
  Page: ComponentType;
}

const ROUTES: Record<string, Route> = {
  "/": { title: "Overview", Page: page(() => import("../pages/Dashboard")) },
  "/transactions": { title: "Transactions", Page: page(() => import("../pages/Transactions")) },
  "/import": { title: "Import", Page: page(() => import("../pages/Import")) },
  "/budgets": { title: "Budgets", Page: page(() => import("../pages/Budgets")) },
  "/coach": { title: "Coach", Page: page(() => import("../pages/Coach")) },
  "/inbox": { title: "Inbox", Page: page(() => import("../pages/Inbox")) },
  "/settings": { title: "Settings", Page: page(() => import("../pages/Settings")) },
};
const MISSING: Route = { title: "Not found", Page: page(() => import("../pages/NotFound")) };
const DOORS: Record<string, Door> = { "/login": "login", "/signup": "signup", "/forgot": "forgot" };
// Where the links of mails lead; whoever is signed in stays so until the link is used.
const BY_MAIL: Record<string, Door> = { "/verify": "verify", "/reset": "reset" };
const Auth = page(() => import("../pages/Auth"));

export function App() {
  return (
    <SessionProvider>
      <ToastProvider>
        <Boundary>
          <Gate />
        </Boundary>
      </ToastProvider>
    </SessionProvider>
  );
}

function Gate() {
  const { state, retry } = useSession();
  const byMail = BY_MAIL[useLocation().path];
  if (state.status === "loading") return <Splash />;
  if (state.status === "error") {
    return (
      <main className="gate">
        <h1 className="sr-only">AI Budget Coach</h1>
        <ErrorState error={state.error} retry={retry} />
      </main>
    );
  }
  if (byMail) return <AtDoor mode={byMail} />;
  return state.status === "in" ? <Inside /> : <Outside />;
}

function Splash() {
  return (
    <main className="gate">
      <h1 className="sr-only">AI Budget Coach</h1>
      <LoadingState label="Opening your budget" />
    </main>
  );
}

function AtDoor({ mode }: { mode: Door }) {
  return (
    <Suspense fallback={<Splash />}>
      <Auth mode={mode} />
    </Suspense>
  );
}

function Outside() {
  const { path } = useLocation();
  const door = DOORS[path];
  useEffect(() => {
    if (!door) navigate(path === "/" ? "/login" : `/login?next=${encodeURIComponent(path)}`, { replace: true });
  }, [door, path]);
  return <AtDoor mode={door ?? "login"} />;
}

function Inside() {
  const { path, query } = useLocation();
  const atDoor = path in DOORS;
  const next = safePath(query.get("next"));
  const { title, Page } = ROUTES[path] ?? MISSING;
  useEffect(() => {
    if (atDoor) navigate(next, { replace: true });
  }, [atDoor, next]);
  useEffect(() => {
    document.title = `${title} · AI Budget Coach`;
  }, [title]);
  if (atDoor) return <Splash />;
  return (
    <UnreadProvider>
      <Shell path={path}>
        <Boundary key={path}>
          <Suspense fallback={<LoadingState label={`Loading ${title.toLowerCase()}`} />}>
            <Page />
          </Suspense>
        </Boundary>
      </Shell>
    </UnreadProvider>
  );
}
