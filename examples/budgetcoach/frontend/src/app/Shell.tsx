// The frame of every signed-in page: navigation at the side on a desktop, at the bottom on a phone.
import { useEffect, useRef, type ReactNode } from "react";
import { Icon, Logo, type IconName } from "../ui/Icon";
import { useUnread } from "./inbox";
import { Link } from "./router";
import { useSession, useUser } from "./session";

interface Entry {
  to: string;
  label: string;
  icon: IconName;
}

const MAIN: Entry[] = [
  { to: "/", label: "Overview", icon: "home" },
  { to: "/transactions", label: "Transactions", icon: "list" },
  { to: "/import", label: "Import", icon: "upload" },
  { to: "/budgets", label: "Budgets", icon: "target" },
  { to: "/coach", label: "Coach", icon: "chat" },
];
const MORE: Entry[] = [
  { to: "/inbox", label: "Inbox", icon: "bell" },
  { to: "/settings", label: "Settings", icon: "gear" },
];

export function Shell({ path, children }: { path: string; children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // A new page starts at its top, and a screen reader starts to read there; not at the first load.
    if (!first.current) {
      window.scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [path]);
  return (
    <div className="shell">
      <a className="skip" href="#main">Skip to content</a>
      <header className="rail">
        <Link to="/" className="brand" aria-label="AI Budget Coach, overview">
          <Logo />
          <span className="brand-name">Budget Coach</span>
        </Link>
        <nav className="rail-nav" aria-label="Main">
          <NavList entries={MAIN} path={path} />
        </nav>
        <nav className="rail-more" aria-label="Account">
          <NavList entries={MORE} path={path} />
        </nav>
        <Person />
      </header>
      <main id="main" ref={main} tabIndex={-1} className="main">{children}</main>
    </div>
  );
}

function NavList({ entries, path }: { entries: Entry[]; path: string }) {
  return (
    <ul>
      {entries.map((entry) => (
        <li key={entry.to}>
          <Link to={entry.to} className="nav-link" aria-current={entry.to === path ? "page" : undefined}>
            <Icon name={entry.icon} />
            <span className="nav-label">{entry.label}</span>
            {entry.to === "/inbox" && <UnreadBadge />}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function UnreadBadge() {
  const { unread } = useUnread();
  if (unread === 0) return null;
  return (
    <span className="badge" data-testid="unread">
      {unread > 99 ? "99+" : unread}
      <span className="sr-only"> unread</span>
    </span>
  );
}

function Person() {
  const user = useUser();
  const { signOut } = useSession();
  return (
    <div className="person">
      <span className="avatar" aria-hidden="true">{user.name.trim().slice(0, 1).toUpperCase() || "?"}</span>
      <span className="person-name">{user.name}</span>
      <button type="button" className="icon-button on-rail" onClick={() => void signOut()} aria-label="Log out">
        <Icon name="logout" />
      </button>
    </div>
  );
}
