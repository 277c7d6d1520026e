// A stand-in for the API while working on the frontend alone: `npm run mock`, then `npm run dev`.
// In memory, one process, no security: development only.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { startImport } from "./imports.mjs";
import * as store from "./store.mjs";

const PORT = Number(process.env.PORT ?? 8787);
const tokens = new Map();
const families = new Map();

class Fault extends Error {
  constructor(status, code, message, fields) {
    super(message);
    Object.assign(this, { status, code, fields });
  }
}

const page = (items, q, size = 50) => {
  const n = Number(q.get("page") ?? 1);
  const page_size = Number(q.get("page_size") ?? size);
  return { items: items.slice((n - 1) * page_size, n * page_size), total: items.length, page: n, page_size };
};

function session(res, space, withUser) {
  const access_token = randomUUID();
  const refresh = randomUUID();
  tokens.set(access_token, space.user.id);
  families.set(refresh, space.user.id);
  res.setHeader("Set-Cookie", `refresh=${refresh}; HttpOnly; SameSite=Strict; Path=/api/v1/auth; Max-Age=2592000`);
  return { ...(withUser && { user: space.user }), access_token, expires_in: 900 };
}

const cookie = (req) => /(?:^|; )refresh=([^;]+)/.exec(req.headers.cookie ?? "")?.[1];
const find = (rows, id) => rows.find((row) => row.id === id) ?? (() => { throw new Fault(404, "not_found", "There is no such thing."); })();

// The mails: nothing is sent, the terminal shows them.
const letters = new Map();
const LOOK = { status: "look into your mail" };

function mail(to, subject, path, letter) {
  const token = letter ? randomUUID() : "";
  if (letter) letters.set(token, letter);
  console.log(`mail to ${to}: ${subject}: http://127.0.0.1:5173${path}${letter ? `#token=${token}` : ""}`);
}

function letterOf({ token }, kind) {
  const letter = letters.get(token);
  if (letter?.kind !== kind) throw new Fault(422, "validation", "This link is not valid any more. Ask for a new one.", { token: "is unknown, used or too old" });
  return letter;
}

const OPEN = {
  "POST /auth/register": ({ body }) => {
    if (store.byEmail(body.email)) mail(body.email, "You have an account already", "/forgot");
    else mail(body.email, "Confirm your e-mail address", "/verify", { kind: "register", body });
    return [202, LOOK];
  },
  "POST /auth/verify": ({ body, res }) => {
    const letter = letterOf(body, "register");
    if (letter.body.password !== body.password) throw new Fault(422, "validation", "The password is wrong.", { password: "is not that of this account" });
    letters.delete(body.token);
    return [200, session(res, store.newUser(letter.body), true)];
  },
  "POST /auth/forgot": ({ body }) => {
    const space = store.byEmail(body.email);
    if (space) mail(body.email, "Choose a new password", "/reset", { kind: "reset", space });
    return [202, LOOK];
  },
  "POST /auth/reset": ({ body }) => {
    letterOf(body, "reset").space.password = body.password;
    letters.delete(body.token);
    return [204];
  },
  "POST /auth/login": ({ body, res }) => {
    const space = store.byEmail(body.email);
    if (space?.password !== body.password) throw new Fault(401, "credentials", "E-mail or password is wrong.");
    return [200, session(res, space, true)];
  },
  "POST /auth/refresh": ({ req, res }) => {
    const id = families.get(cookie(req));
    families.delete(cookie(req));
    if (!id) throw new Fault(401, "session", "No session.");
    return [200, session(res, store.spaceOf(id), false)];
  },
  "POST /auth/logout": ({ req }) => [204, void families.delete(cookie(req))],
};

const CLOSED = {
  "GET /me": ({ space }) => [200, space.user],
  "PATCH /me": ({ space, body }) => [200, Object.assign(space.user, body)],
  "POST /me/password": ({ space, body }) => {
    if (space.password !== body.current) throw new Fault(422, "validation", "The password is wrong.", { current: "That is not your password." });
    space.password = body.new;
    return [204];
  },
  "GET /categories": ({ space }) => [200, { items: space.categories }],
  "POST /categories": ({ space, body }) => { const c = { id: randomUUID(), icon: "dot", ...body }; space.categories.push(c); return [201, c]; },
  "POST /me/verification": () => [202, LOOK],
  "DELETE /categories/:id": ({ space, id }) => {
    if (space.transactions.some((t) => t.category_id === id)) throw new Fault(409, "in_use", "Transactions use this category.");
    space.categories = space.categories.filter((c) => c.id !== id);
    return [204];
  },
  "GET /transactions": ({ space, q }) => [200, page(store.filtered(space, q), q)],
  "GET /transactions/summary": ({ space, q }) => [200, store.summary(space, q)],
  "POST /transactions": ({ space, body }) => { const t = store.addTransaction(space, body); setTimeout(() => store.checkBudgets(space), 500); return [201, t]; },
  "PATCH /transactions/:id": ({ space, id, body }) => {
    const name = space.categories.find((c) => c.id === body.category_id)?.name;
    return [200, Object.assign(find(space.transactions, id), body, name && { category_name: name })];
  },
  "DELETE /transactions/:id": ({ space, id }) => { find(space.transactions, id); space.transactions = space.transactions.filter((t) => t.id !== id); return [204]; },
  "POST /imports": ({ space, form }) => { const job = startImport(space, form.name, form.bytes); return [202, { id: job.id, status: job.status }]; },
  "GET /imports": ({ space, q }) => [200, page(space.imports.map(({ errors, ...job }) => job), q)],
  "GET /imports/:id": ({ space, id }) => { const { errors, ...job } = find(space.imports, id); return [200, job]; },
  "GET /imports/:id/errors": ({ space, id, q }) => [200, page(find(space.imports, id).errors, q, 20)],
  "GET /budgets": ({ space, q }) => [200, { items: store.budgetsOf(space, q.get("month") ?? new Date().toISOString().slice(0, 7)) }],
  "PUT /budgets": ({ space, body }) => {
    const old = space.budgets.find((b) => b.category_id === body.category_id);
    const budget = Object.assign(old ?? { id: randomUUID() }, body);
    if (!old) space.budgets.push(budget);
    setTimeout(() => store.checkBudgets(space), 500);
    return [200, budget];
  },
  "DELETE /budgets/:id": ({ space, id }) => { space.budgets = space.budgets.filter((b) => b.id !== id); return [204]; },
  "GET /notifications": ({ space, q }) => {
    const unread = space.notifications.filter((n) => !n.read);
    return [200, { ...page(q.get("unread") === "true" ? unread : space.notifications, q), unread: unread.length }];
  },
  "POST /notifications/:id/read": ({ space, id }) => [204, void (find(space.notifications, id).read = true)],
  "POST /notifications/read-all": ({ space }) => [204, space.notifications.forEach((n) => { n.read = true; })],
  "GET /insights": ({ space }) => [200, { items: store.insights(space) }],
  "GET /forecast": ({ space, q }) => [200, store.forecast(space, Number(q.get("months") ?? 3))],
  "GET /chat": ({ space }) => [200, { items: space.chat }],
  "DELETE /chat": ({ space }) => { space.chat = []; return [204]; },
  "GET /chat/usage": () => [200, { provider: "local", month: new Date().toISOString().slice(0, 7), spent_cents: 0, cap_cents: 500 }],
  "POST /chat": ({ space, body }) => {
    const now = new Date().toISOString();
    const { expense_cents } = store.summary(space, new URLSearchParams());
    const answer = { id: randomUUID(), role: "coach", text: `You have spent ${store.plain(space, -expense_cents)} ${space.user.currency} in all.\nYour biggest lever is dining out.`, provider: "local", created_at: now };
    space.chat.push({ id: randomUUID(), role: "user", text: body.message, created_at: now }, answer);
    return [200, answer];
  },
};

function match(table, method, path) {
  if (table[`${method} ${path}`]) return [table[`${method} ${path}`], null];
  const parts = path.split("/");
  const general = [parts[0], parts[1], ":id", ...parts.slice(3)].join("/");
  return parts.length > 2 ? [table[`${method} ${general}`], parts[2]] : [undefined, null];
}

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const type = req.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/")) return { body: bytes.length ? JSON.parse(bytes.toString()) : {} };
  const form = await new Response(bytes, { headers: { "Content-Type": type } }).formData();
  const file = form.get("file");
  return { form: { name: file.name, bytes: await file.arrayBuffer() } };
}

async function answer(req, res) {
  const url = new URL(req.url, "http://localhost");
  const path = url.pathname.replace(/^\/api\/v1/, "");
  const context = { req, res, q: url.searchParams, ...(await bodyOf(req)) };
  const [open] = match(OPEN, req.method, path);
  if (open) return open(context);
  const space = store.spaceOf(tokens.get((req.headers.authorization ?? "").slice(7)));
  if (!space) throw new Fault(401, "token", "Log in.");
  const [call, id] = match(CLOSED, req.method, path);
  if (!call) throw new Fault(404, "not_found", "No such call.");
  return call({ ...context, space, id });
}

createServer(async (req, res) => {
  try {
    const [status, body] = await answer(req, res);
    res.writeHead(status, { "Content-Type": "application/json" }).end(status === 204 ? undefined : JSON.stringify(body));
  } catch (fault) {
    const error = { code: fault.code ?? "internal", message: fault.message, fields: fault.fields };
    res.writeHead(fault.status ?? 500, { "Content-Type": "application/json" }).end(JSON.stringify({ error, correlation_id: randomUUID() }));
  }
}).listen(PORT, "127.0.0.1", () => console.log(`development API on http://127.0.0.1:${PORT}`));
