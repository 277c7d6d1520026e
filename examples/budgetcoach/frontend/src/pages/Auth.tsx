// Sign-up and log-in: one form, one promise beside it.
import { useEffect, useRef, useState } from "react";
import { login, register } from "../api/calls";
import { Link, useLocation } from "../app/router";
import { useSession } from "../app/session";
import { guessCurrency, CURRENCIES, currencyName } from "../lib/currencies";
import { Field, FormError, useSubmit } from "../ui/Form";
import { Icon, Logo, type IconName } from "../ui/Icon";

const PASSWORD_MIN = 10;
const PROMISES: { icon: IconName; text: string }[] = [
  { icon: "upload", text: "Drop in a bank export: separators, dates and decimals are found for you" },
  { icon: "target", text: "Set limits a category and hear of it before you cross them" },
  { icon: "spark", text: "Ask your coach where the money went, and where it is heading" },
];

export default function Auth({ mode }: { mode: "login" | "signup" }) {
  const isNew = mode === "signup";
  useEffect(() => {
    document.title = `${isNew ? "Sign up" : "Log in"} · AI Budget Coach`;
  }, [isNew]);
  return (
    <div className="auth">
      <aside className="auth-side">
        <div className="auth-brand"><Logo /><span>AI Budget Coach</span></div>
        <p className="auth-claim"><span>Know where it goes. </span><span>Decide where it goes next.</span></p>
        <ul className="auth-promises">
          {PROMISES.map((p) => <li key={p.icon}><Icon name={p.icon} />{p.text}</li>)}
        </ul>
      </aside>
      <main className="auth-main" id="main">
        <AuthForm key={mode} isNew={isNew} />
      </main>
    </div>
  );
}

function AuthForm({ isNew }: { isNew: boolean }) {
  const { signIn } = useSession();
  const { query } = useLocation();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [currency, setCurrency] = useState(guessCurrency(navigator.language));
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const check = (): Record<string, string> => ({
    ...(isNew && !name.trim() && { name: "Your name, as the coach shall call you." }),
    ...(!/^\S+@\S+\.\S+$/.test(email.trim()) && { email: "An e-mail address, like ada@example.org." }),
    ...(isNew && password.length < PASSWORD_MIN && { password: `At least ${PASSWORD_MIN} characters.` }),
    ...(!isNew && !password && { password: "Your password." }),
  });
  const form = useSubmit(async () => {
    const account = { email: email.trim(), password };
    signIn(await (isNew ? register({ ...account, name: name.trim(), currency }) : login(account)));
  }, check);
  const next = query.get("next");
  const suffix = next ? `?next=${encodeURIComponent(next)}` : "";
  return (
    <form className="auth-form" onSubmit={form.onSubmit} noValidate>
      <h1>{isNew ? "Create your account" : "Welcome back"}</h1>
      <FormError text={form.error} />
      {isNew && (
        <Field label="Name" error={form.fields.name}>
          {(a) => <input {...a} ref={first} autoComplete="name" value={name} maxLength={100} onChange={(e) => setName(e.target.value)} />}
        </Field>
      )}
      <Field label="E-mail" error={form.fields.email}>
        {(a) => <input {...a} ref={isNew ? undefined : first} type="email" autoComplete="username" inputMode="email" value={email} onChange={(e) => setEmail(e.target.value)} />}
      </Field>
      <Field label="Password" error={form.fields.password} hint={isNew ? `At least ${PASSWORD_MIN} characters; a short sentence is good.` : undefined}>
        {(a) => <input {...a} type="password" autoComplete={isNew ? "new-password" : "current-password"} value={password} onChange={(e) => setPassword(e.target.value)} />}
      </Field>
      {isNew && (
        <Field label="Currency" error={form.fields.currency}>
          {(a) => (
            <select {...a} value={currency} onChange={(e) => setCurrency(e.target.value)}>
              {CURRENCIES.map((code) => <option key={code} value={code}>{currencyName(code)}</option>)}
            </select>
          )}
        </Field>
      )}
      <button type="submit" className="button is-primary is-wide" disabled={form.busy}>
        {form.busy ? "One moment…" : isNew ? "Create account" : "Log in"}
      </button>
      <p className="auth-switch">
        {isNew ? "Already here? " : "New here? "}
        <Link to={(isNew ? "/login" : "/signup") + suffix}>{isNew ? "Log in" : "Create an account"}</Link>
      </p>
    </form>
  );
}
