// Form parts: a labelled field with its error, and the state of one submit.
import { useId, useState, type FormEvent, type ReactNode } from "react";
import { ApiError } from "../api/client";
import { Icon } from "./Icon";

interface Attributes {
  id: string;
  "aria-invalid"?: true;
  "aria-describedby"?: string;
}

interface FieldProps {
  label: string;
  hint?: string;
  error?: string;
  children: (attributes: Attributes) => ReactNode;
}

/** A label, the control that `children` makes from the attributes given, a hint, and the error below it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": error ? true : undefined, "aria-describedby": note ? `${id}-note` : undefined })}
      {note && <p id={`${id}-note`} className={error ? "field-error" : "field-hint"}>{note}</p>}
    </div>
  );
}

export interface Submit {
  busy: boolean;
  error: string | undefined;
  fields: Record<string, string>;
  onSubmit: (event: FormEvent) => void;
}

/** One submit at a time: runs `action`, keeps its error by field and as a whole. */
export function useSubmit(action: () => Promise<void>, check: () => Record<string, string> = () => ({})): Submit {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [fields, setFields] = useState<Record<string, string>>({});
  const run = async (form: HTMLFormElement | null) => {
    const wrong = check();
    setFields(wrong);
    setError(undefined);
    if (Object.keys(wrong).length > 0) return focusFirstInvalid(form);
    setBusy(true);
    try {
      await action();
    } catch (fault) {
      setFields(fault instanceof ApiError ? fault.fields : {});
      setError(describe(fault));
    } finally {
      setBusy(false);
    }
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) void run(event.currentTarget.closest("form"));
  };
  return { busy, error, fields, onSubmit };
}

// After the next paint, when the fields are marked.
function focusFirstInvalid(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
}

/** The message of any fault, with the wait that the server asks for. */
export function describe(fault: unknown): string {
  if (fault instanceof ApiError && fault.retryAfter) return `${fault.message} Try again in ${fault.retryAfter} s.`;
  return fault instanceof Error ? fault.message : "Something went wrong.";
}

export function FormError({ text }: { text: string | undefined }) {
  return (
    <div role="alert" className="form-error-place">
      {text && <p className="form-error"><Icon name="warn" />{text}</p>}
    </div>
  );
}
