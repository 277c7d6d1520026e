// Short confirmations in a corner, read out politely, gone after some seconds.
import { createContext, use, useCallback, useState, type ReactNode } from "react";
import { Icon } from "./Icon";

const SHOWN_MS = 5000;
interface Note {
  id: number;
  text: string;
  bad: boolean;
}
type Say = (text: string, bad?: boolean) => void;
const ToastContext = createContext<Say>(() => undefined);
let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [notes, setNotes] = useState<Note[]>([]);
  const say = useCallback<Say>((text, bad = false) => {
    const id = ++lastId;
    setNotes((old) => [...old.slice(-2), { id, text, bad }]);
    setTimeout(() => setNotes((old) => old.filter((note) => note.id !== id)), SHOWN_MS);
  }, []);
  return (
    <ToastContext value={say}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {notes.map((note) => (
          <p key={note.id} className={note.bad ? "toast is-danger" : "toast"}>
            <Icon name={note.bad ? "warn" : "check"} />
            {note.text}
          </p>
        ))}
      </div>
    </ToastContext>
  );
}

export const useToast = () => use(ToastContext);
