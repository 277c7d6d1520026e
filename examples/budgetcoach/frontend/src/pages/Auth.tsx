// The doors: sign-up, log-in, and what is settled by mail. One form, one promise beside it.
import { useEffect, useRef, useState } from "react";
import { login, register } from "../api/calls";
import { Link, useLocation } from "../app/router";
import { useSession } from "../app/session";
import { guessCurrency, CURRENCIES, currencyName } from "../lib/currencies";
import { isEmail, PASSWORD_MIN } from "../lib/letters";
import { Field, FormError, useSubmit } from "../ui/Form";
import { Icon, Logo, type IconName } from "../ui/Icon";
import { CheckMail, Forgot, Reset, Verify } from "./AuthByMail";

const PROMISES: { icon: IconName; text: string }[] = [
  { icon: "upload", text: "Drop in a bank export: separators, dates and decimals are found for you" },
  { icon: "target", text: "Set limits a category and hear of it before you cross them" },
  { icon: "spark", text: "Ask your coach where the money went, and where it is heading" },
];

export type Door = "login" | "signup" | "verify" | "forgot" | "reset";
const TITLES: Record<Door, string> = {
  login: "Log in", signup: "Sign up", verify: "Confirm your address", forgot: "Forgotten password", reset: "New password",
};

export default function Auth({ mode }: { mode: Door }) {
  useEffect(() => {
    document.title = `${TITLES[mode]} · AI Budget Coach`;
  }, [mode]);
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
        <Form key={mode} mode={mode} />
      </main>
    </div>
  );
}

function Form({ mode }: { mode: Door }) {
  if (mode === "verify") return <Verify />;
  if (mode === "forgot") return <Forgot />;
  if (mode === "reset") return <Reset />;
  return <AuthForm isNew={mode === "signup"} />;
}

function AuthForm({ isNew }: { isNew: boolean }) {
  const { signIn } = useSession();
  const { query } = useLocation();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [currency, setCurrency] = useState(guessCurrency(navigator.language));
  const [sent, setSent] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const check = (): Record<string, string> => ({
    ...(isNew && !name.trim() && { name: "Your name, as the coach shall call you." }),
    ...(!isEmail(email) && { email: "An e-mail address, like ada@example.org." }),
    ...(isNew && password.length < PASSWORD_MIN && { password: `At least ${PASSWORD_MIN} characters.` }),
    ...(!isNew && !password && { password: "Your password." }),
  });
  const ask = () => register({ email: email.trim(), password, name: name.trim(), currency });
  const form = useSubmit(async () => {
    if (!isNew) return signIn(await login({ email: email.trim(), password }));
    await ask();
    setSent(true);
  }, check);
  const next = query.get("next");
  const suffix = next ? `?next=${encodeURIComponent(next)}` : "";
  if (sent) {
    return (
      <CheckMail again={ask} back={() => setSent(false)}>
        We have written to <strong className="auth-address">{email.trim()}</strong>. The link in the mail opens your account. It
        works for 24 hours.
      </CheckMail>
    );
  }
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
      {!isNew && <p className="auth-switch"><Link to="/forgot">Forgot your password?</Link></p>}
      <p className="auth-switch">
        {isNew ? "Already here? " : "New here? "}
        <Link to={(isNew ? "/login" : "/signup") + suffix}>{isNew ? "Log in" : "Create an account"}</Link>
      </p>
    </form>
  );
}
