// One function a call of docs/api.md, typed. Nothing else in the app names a path of the API.
import { request } from "./client";
import type {
  Budget, Category, ChatMessage, ChatUsage, Forecast, ImportError, ImportJob, Inbox, Insight, Kind, Page, Summary,
  Transaction, TransactionFilter, TransactionInput, User,
} from "./types";

type Items<T> = { items: T[] };
export interface Session {
  user: User;
  access_token: string;
  expires_in: number;
}

export const register = (body: { email: string; password: string; name: string; currency: string }) =>
  request<void>("POST", "/auth/register", { body });
/** Opens the account of a registration by the token of its mail. */
export const verify = (body: { token: string; password: string }) => request<Session>("POST", "/auth/verify", { body });
export const forgot = (body: { email: string }) => request<void>("POST", "/auth/forgot", { body });
export const reset = (body: { token: string; password: string }) => request<void>("POST", "/auth/reset", { body });
export const login = (body: { email: string; password: string }) => request<Session>("POST", "/auth/login", { body });
export const logout = () => request<void>("POST", "/auth/logout");

export const getMe = (signal?: AbortSignal) => request<User>("GET", "/me", { signal });
export const patchMe = (body: Partial<Pick<User, "name" | "currency" | "email_notifications">>) =>
  request<User>("PATCH", "/me", { body });
export const askForVerification = () => request<void>("POST", "/me/verification");
export const changePassword = (body: { current: string; new: string }) => request<void>("POST", "/me/password", { body });

export const getCategories = (signal?: AbortSignal) => request<Items<Category>>("GET", "/categories", { signal });
export const addCategory = (body: { name: string; kind: Kind; color: string }) =>
  request<Category>("POST", "/categories", { body });
export const deleteCategory = (id: string) => request<void>("DELETE", `/categories/${id}`);

export const getTransactions = (query: TransactionFilter, signal?: AbortSignal) =>
  request<Page<Transaction>>("GET", "/transactions", { query, signal });
export const addTransaction = (body: TransactionInput, idempotencyKey: string) =>
  request<Transaction>("POST", "/transactions", { body, idempotencyKey });
export const patchTransaction = (id: string, body: Partial<TransactionInput>) =>
  request<Transaction>("PATCH", `/transactions/${id}`, { body });
export const deleteTransaction = (id: string) => request<void>("DELETE", `/transactions/${id}`);
export const getSummary = (query: { from: string; to: string }, signal?: AbortSignal) =>
  request<Summary>("GET", "/transactions/summary", { query, signal });

export function startImport(file: File, idempotencyKey: string): Promise<ImportJob> {
  const form = new FormData();
  form.append("file", file);
  return request<ImportJob>("POST", "/imports", { form, idempotencyKey });
}
export const getImports = (signal?: AbortSignal) => request<Page<ImportJob>>("GET", "/imports", { signal });
export const getImport = (id: string, signal?: AbortSignal) => request<ImportJob>("GET", `/imports/${id}`, { signal });
export const getImportErrors = (id: string, page: number, signal?: AbortSignal) =>
  request<Page<ImportError>>("GET", `/imports/${id}/errors`, { query: { page }, signal });

export const getBudgets = (month: string, signal?: AbortSignal) =>
  request<Items<Budget>>("GET", "/budgets", { query: { month }, signal });
export const putBudget = (body: { category_id: string; limit_cents: number; category_name: string }) =>
  request<Budget>("PUT", "/budgets", { body });
export const deleteBudget = (id: string) => request<void>("DELETE", `/budgets/${id}`);

export const getInbox = (query: { unread?: boolean; page?: number; page_size?: number }, signal?: AbortSignal) =>
  request<Inbox>("GET", "/notifications", { query, signal });
export const readNotification = (id: string) => request<void>("POST", `/notifications/${id}/read`);
export const readAllNotifications = () => request<void>("POST", "/notifications/read-all");

export const getInsights = (signal?: AbortSignal) => request<Items<Insight>>("GET", "/insights", { signal });
export const getForecast = (months: number, signal?: AbortSignal) =>
  request<Forecast>("GET", "/forecast", { query: { months }, signal });
export const getChat = (signal?: AbortSignal) => request<Items<ChatMessage>>("GET", "/chat", { signal });
export const postChat = (message: string, idempotencyKey: string) =>
  request<ChatMessage>("POST", "/chat", { body: { message }, idempotencyKey });
export const clearChat = () => request<void>("DELETE", "/chat");
export const getChatUsage = (signal?: AbortSignal) => request<ChatUsage>("GET", "/chat/usage", { signal });
