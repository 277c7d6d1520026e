// The count of unread notifications, shared by the badge and the inbox page.
import { createContext, use, useMemo, type ReactNode } from "react";
import { getInbox } from "../api/calls";
import { useLoad } from "./useLoad";

const EVERY_MS = 15_000;
const UnreadContext = createContext<{ unread: number; recount: () => void }>({ unread: 0, recount: () => undefined });

export function UnreadProvider({ children }: { children: ReactNode }) {
  const { data, reload } = useLoad((signal) => getInbox({ unread: true, page_size: 1 }, signal), [], EVERY_MS);
  const unread = data?.unread ?? 0;
  const value = useMemo(() => ({ unread, recount: reload }), [unread, reload]);
  return <UnreadContext value={value}>{children}</UnreadContext>;
}

export const useUnread = () => use(UnreadContext);
