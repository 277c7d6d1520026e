// What the links of our e-mails carry. The token is in the fragment, so that no server and no log ever gets it.

/** The token of "#token=..."; null when there is none. */
export function tokenOf(hash: string): string | null {
  const found = /^#token=([\w-]{20,200})$/.exec(hash);
  return found?.[1] ?? null;
}

export const PASSWORD_MIN = 10;

/** True for what looks like an e-mail address; whether it is one, only a mail to it can show. */
export const isEmail = (text: string): boolean => /^\S+@\S+\.\S+$/.test(text.trim());
