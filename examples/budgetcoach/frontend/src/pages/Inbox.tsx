// The inbox: what budgets, imports and the coach had to say.
import { useState } from "react";
import { getInbox, readAllNotifications, readNotification } from "../api/calls";
import type { Notification } from "../api/types";
import { useUnread } from "../app/inbox";
import { navigate, safePath } from "../app/router";
import { useLoad } from "../app/useLoad";
import { formatAgo } from "../lib/dates";
import { PageHead, Pager } from "../ui/Bits";
import { describe } from "../ui/Form";
import { Icon, type IconName } from "../ui/Icon";
import { Await, EmptyState } from "../ui/States";
import { useToast } from "../ui/Toast";

const REFRESH_MS = 5000;

export default function Inbox() {
  const say = useToast();
  const { recount } = useUnread();
  const [page, setPage] = useState(1);
  const [unreadOnly, setUnreadOnly] = useState(false);
  const inbox = useLoad((signal) => getInbox({ page, unread: unreadOnly || undefined }, signal), [page, unreadOnly], REFRESH_MS);
  const change = async (call: Promise<void>) => {
    await call.catch((fault: unknown) => say(describe(fault), true));
    inbox.reload();
    recount();
  };
  const open = async (item: Notification) => {
    if (!item.read) await change(readNotification(item.id));
    if (item.link) navigate(safePath(item.link));
  };
  return (
    <>
      <PageHead title="Inbox">
        <label className="check">
          <input type="checkbox" checked={unreadOnly} onChange={(e) => setUnreadOnly(e.target.checked)} />
          Unread only
        </label>
        <button type="button" className="button" disabled={!inbox.data?.unread} onClick={() => void change(readAllNotifications())}>
          <Icon name="check" />Mark all read
        </button>
      </PageHead>
      <Await loaded={inbox} label="Opening the inbox">
        {(data) => (data.items.length === 0
          ? <EmptyState icon="bell" title={unreadOnly ? "All read" : "Nothing here yet"}>Limits that are nearly used or crossed, and finished imports, are told here.</EmptyState>
          : (
            <section className="card is-flush" aria-label="Notifications">
              <ul className="notes">{data.items.map((item) => <Note key={item.id} item={item} onOpen={() => void open(item)} />)}</ul>
              <div className="table-foot">
                <span>{data.unread} unread</span>
                <Pager page={data.page} pageSize={data.page_size} total={data.total} onPage={setPage} />
              </div>
            </section>
          ))}
      </Await>
    </>
  );
}

function iconOf(kind: string): [IconName, string] {
  if (kind.includes("exceeded")) return ["warn", "is-exceeded"];
  if (kind.includes("near")) return ["target", "is-near"];
  if (kind.includes("import")) return ["upload", "is-ok"];
  if (kind.includes("insight")) return ["spark", "is-near"];
  return ["info", "is-ok"];
}

function Note({ item, onOpen }: { item: Notification; onOpen: () => void }) {
  const [icon, tone] = iconOf(item.kind);
  return (
    <li className={item.read ? "note" : "note is-unread"}>
      <button type="button" className="note-button" onClick={onOpen}>
        <span className={`note-icon ${tone}`}><Icon name={icon} /></span>
        <span className="note-text">
          <span className="note-title">{item.title}{!item.read && <span className="sr-only">, unread</span>}</span>
          <span className="note-body">{item.body}</span>
        </span>
        <span className="note-time">{formatAgo(item.created_at)}</span>
      </button>
    </li>
  );
}
