// What is settled by mail: look into it, confirm the address, ask for a new password, choose it.
import { useEffect, useRef, useState, type ReactNode } from "react";
import { forgot, reset, verify } from "../api/calls";
import { Link, navigate } from "../app/router";
import { useSession } from "../app/session";
import { isEmail, PASSWORD_MIN, tokenOf } from "../lib/letters";
import { Field, FormError, useSubmit } from "../ui/Form";
import { Icon } from "../ui/Icon";

/** A heading that has the focus when it appears, so that a screen reader begins there. */
function Heading({ children }: { children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return <h1 ref={heading} tabIndex={-1} className="auth-heading">{children}</h1>;
}

interface CheckMailProps {
  again: () => Promise<void>;
  back: () => void;
  children: ReactNode;
}

/** The same for everybody: whether there is an account is said in the mail only. */
export function CheckMail({ again, back, children }: CheckMailProps) {
  const [times, setTimes] = useState(0);
  const form = useSubmit(async () => {
    await again();
    setTimes(times + 1);
  });
  return (
    <form className="auth-form" onSubmit={form.onSubmit}>
      <span className="state-icon auth-icon"><Icon name="mail" /></span>
      <Heading>Check your mail</Heading>
      <p>{children}</p>
      <p className="field-hint">Nothing there after a few minutes? Look into the folder for junk, too.</p>
      <FormError text={form.error} />
      <p role="status">{times > 0 && "Sent once more."}</p>
      <button type="submit" className="button is-wide" disabled={form.busy}>{form.busy ? "One moment…" : "Send it again"}</button>
      <p className="auth-switch">
        <button type="button" className="link-button" onClick={back}>Use another address</button>
      </p>
    </form>
  );
}

/** The token in the address bar, also when a second link is opened over the first. */
function useToken(): string | null {
  const [token, setToken] = useState(() => tokenOf(location.hash));
  useEffect(() => {
    const take = () => setToken(tokenOf(location.hash));
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  return token;
}

function BrokenLink({ to, what }: { to: string; what: string }) {
  return (
    <div className="auth-form">
      <Heading>This link does not work</Heading>
      <p>It is not complete. Open it from the mail again, or copy all of it into the address bar.</p>
      <Link className="button is-primary is-wide" to={to}>{what}</Link>
    </div>
  );
}

export function Verify() {
  const token = useToken();
  const { signIn } = useSession();
  const [password, setPassword] = useState("");
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const form = useSubmit(
    async () => {
      signIn(await verify({ token: token ?? "", password }));
      navigate("/", { replace: true });
    },
    (): Record<string, string> => (password ? {} : { password: "The password you chose when you signed up." }),
  );
  if (!token) return <BrokenLink to="/signup" what="Sign up again" />;
  return (
    <form className="auth-form" onSubmit={form.onSubmit} noValidate>
      <h1>Confirm your address</h1>
      <p>Your password once more, and your account is open.</p>
      <FormError text={form.error} />
      <Field label="Password" error={form.fields.password} hint="The one you chose when you signed up.">
        {(a) => <input {...a} ref={first} type="password" autoComplete="current-password" value={password} onChange={(e) => setPassword(e.target.value)} />}
      </Field>
      <button type="submit" className="button is-primary is-wide" disabled={form.busy}>{form.busy ? "One moment…" : "Confirm"}</button>
      <p className="auth-switch">Link too old? <Link to="/signup">Sign up again</Link></p>
    </form>
  );
}

export function Forgot() {
  const [email, setEmail] = useState("");
  const [sent, setSent] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const ask = () => forgot({ email: email.trim() });
  const form = useSubmit(
    async () => {
      await ask();
      setSent(true);
    },
    (): Record<string, string> => (isEmail(email) ? {} : { email: "An e-mail address, like ada@example.org." }),
  );
  if (sent) {
    return (
      <CheckMail again={ask} back={() => setSent(false)}>
        If <strong className="auth-address">{email.trim()}</strong> has an account, a mail with a link to choose a new password is
        on its way to it. The link works for an hour.
      </CheckMail>
    );
  }
  return (
    <form className="auth-form" onSubmit={form.onSubmit} noValidate>
      <h1>Forgot your password?</h1>
      <p>Tell us your address, and we send you a link to choose a new one.</p>
      <FormError text={form.error} />
      <Field label="E-mail" error={form.fields.email}>
        {(a) => <input {...a} ref={first} type="email" autoComplete="username" inputMode="email" value={email} onChange={(e) => setEmail(e.target.value)} />}
      </Field>
      <button type="submit" className="button is-primary is-wide" disabled={form.busy}>{form.busy ? "One moment…" : "Send the link"}</button>
      <p className="auth-switch">Remembered it? <Link to="/login">Log in</Link></p>
    </form>
  );
}

export function Reset() {
  const token = useToken();
  const [password, setPassword] = useState("");
  const [done, setDone] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const { state, signOut } = useSession();
  const form = useSubmit(
    async () => {
      await reset({ token: token ?? "", password });
      // The server has ended every log-in; the one of this browser, if there is one, shall not linger on the screen.
      if (state.status === "in") await signOut();
      setDone(true);
    },
    (): Record<string, string> => (password.length < PASSWORD_MIN ? { password: `At least ${PASSWORD_MIN} characters.` } : {}),
  );
  if (!token) return <BrokenLink to="/forgot" what="Ask for a new link" />;
  if (done) {
    return (
      <div className="auth-form">
        <span className="state-icon auth-icon"><Icon name="check" /></span>
        <Heading>Your new password is set</Heading>
        <p>You are logged out everywhere. Log in with the new one.</p>
        <Link className="button is-primary is-wide" to="/login">Log in</Link>
      </div>
    );
  }
  return (
    <form className="auth-form" onSubmit={form.onSubmit} noValidate>
      <h1>Choose a new password</h1>
      <p>It replaces the old one and ends every log-in of your account.</p>
      <FormError text={form.error} />
      <Field label="New password" error={form.fields.password} hint={`At least ${PASSWORD_MIN} characters; a short sentence is good.`}>
        {(a) => <input {...a} ref={first} type="password" autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} />}
      </Field>
      <button type="submit" className="button is-primary is-wide" disabled={form.busy}>{form.busy ? "One moment…" : "Set the password"}</button>
      <p className="auth-switch">Link too old? <Link to="/forgot">Ask for a new one</Link></p>
    </form>
  );
}
