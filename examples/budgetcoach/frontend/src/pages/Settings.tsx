// Settings: profile, notifications, the look of the app, categories, password.
import { useState } from "react";
import { askForVerification, changePassword, login, patchMe } from "../api/calls";
import { chooseTheme, savedTheme, type Theme } from "../app/theme";
import { useSession, useUser } from "../app/session";
import { PASSWORD_MIN } from "../lib/letters";
import { CURRENCIES, currencyName, minorDigits } from "../lib/currencies";
import { Card, PageHead } from "../ui/Bits";
import { describe, Field, FormError, useSubmit } from "../ui/Form";
import { useToast } from "../ui/Toast";
import { CategorySettings } from "./CategorySettings";

export default function Settings() {
  const { signOut } = useSession();
  return (
    <>
      <PageHead title="Settings">
        <button type="button" className="button" onClick={() => void signOut()}>Log out</button>
      </PageHead>
      <div className="settings">
        <Profile />
        <Mail />
        <Look />
        <CategorySettings />
        <Password />
      </div>
    </>
  );
}

function Profile() {
  const user = useUser();
  const { setUser } = useSession();
  const say = useToast();
  const [name, setName] = useState(user.name);
  const [currency, setCurrency] = useState(user.currency);
  const offered = CURRENCIES.filter((code) => minorDigits(code) === minorDigits(user.currency));
  const choices = offered.includes(user.currency) ? offered : [user.currency, ...offered];
  const form = useSubmit(
    async () => {
      setUser(await patchMe({ name: name.trim(), currency }));
      say("Profile saved");
    },
    (): Record<string, string> => (name.trim() ? {} : { name: "A name." }),
  );
  return (
    <Card title="Profile" note={user.email}>
      <form onSubmit={form.onSubmit} noValidate>
        <FormError text={form.error} />
        <Field label="Name" error={form.fields.name}>
          {(a) => <input {...a} autoComplete="name" maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <Field label="Currency" error={form.fields.currency} hint="Changes how amounts are shown; nothing is converted.">
          {(a) => (
            <select {...a} value={currency} onChange={(e) => setCurrency(e.target.value)}>
              {choices.map((code) => <option key={code} value={code}>{currencyName(code)}</option>)}
            </select>
          )}
        </Field>
        <button type="submit" className="button is-primary" disabled={form.busy}>{form.busy ? "Saving…" : "Save"}</button>
      </form>
    </Card>
  );
}

function Mail() {
  const user = useUser();
  const { setUser } = useSession();
  const say = useToast();
  const [busy, setBusy] = useState(false);
  const flip = async (wanted: boolean) => {
    setBusy(true);
    try {
      setUser(await patchMe({ email_notifications: wanted }));
      say(wanted ? "E-mails are on" : "E-mails are off");
    } catch (fault) {
      say(describe(fault), true);
    }
    setBusy(false);
  };
  return (
    <Card title="Notifications">
      {!user.verified && <Unverified />}
      <label className="switch-row">
        <span>
          <strong>E-mail</strong>
          <span className="field-hint">When a limit is nearly used or crossed. The inbox has everything.</span>
        </span>
        <input type="checkbox" role="switch" className="switch" checked={user.email_notifications} disabled={busy} onChange={(e) => void flip(e.target.checked)} />
      </label>
    </Card>
  );
}

// Accounts of a time when an address was not asked to be confirmed.
function Unverified() {
  const say = useToast();
  const form = useSubmit(async () => {
    await askForVerification();
    say("Check your mail for the link");
  });
  return (
    <form onSubmit={form.onSubmit}>
      <FormError text={form.error} />
      <p className="field-hint">Your address is not confirmed yet: until then we send you nothing.</p>
      <button type="submit" className="button" disabled={form.busy}>{form.busy ? "One moment…" : "Send me the link"}</button>
    </form>
  );
}

function Look() {
  const [theme, setTheme] = useState<Theme>(savedTheme());
  const pick = (next: Theme) => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <Card title="Appearance">
      <fieldset className="segments">
        <legend className="sr-only">Colour scheme</legend>
        {(["system", "light", "dark"] as const).map((option) => (
          <label key={option} className="segment">
            <input type="radio" name="theme" checked={theme === option} onChange={() => pick(option)} />
            <span>{option[0]?.toUpperCase() + option.slice(1)}</span>
          </label>
        ))}
      </fieldset>
    </Card>
  );
}

function Password() {
  const say = useToast();
  const user = useUser();
  const { signIn } = useSession();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const form = useSubmit(
    async () => {
      await changePassword({ current, new: next });
      // A new password ends every log-in, this one too: start another.
      signIn(await login({ email: user.email, password: next }));
      setCurrent("");
      setNext("");
      say("Password changed");
    },
    (): Record<string, string> => ({
      ...(!current && { current: "Your password as it is." }),
      ...(next.length < PASSWORD_MIN && { new: `At least ${PASSWORD_MIN} characters.` }),
    }),
  );
  return (
    <Card title="Password">
      <form onSubmit={form.onSubmit} noValidate>
        <FormError text={form.error} />
        <input type="text" autoComplete="username" value={user.email} readOnly hidden aria-label="E-mail" />
        <Field label="Current password" error={form.fields.current}>
          {(a) => <input {...a} type="password" autoComplete="current-password" value={current} onChange={(e) => setCurrent(e.target.value)} />}
        </Field>
        <Field label="New password" error={form.fields.new} hint={`At least ${PASSWORD_MIN} characters.`}>
          {(a) => <input {...a} type="password" autoComplete="new-password" value={next} onChange={(e) => setNext(e.target.value)} />}
        </Field>
        <button type="submit" className="button is-primary" disabled={form.busy}>{form.busy ? "Changing…" : "Change password"}</button>
      </form>
    </Card>
  );
}
