// One door to the API: the access token lives in this module's memory and nowhere else. A 401 is answered by
// one refresh (by cookie) and one retry.

const BASE = "/api/v1";

let accessToken: string | null = null;
let refreshing: Promise<boolean> | null = null;
let onSignedOut: () => void = () => undefined;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly correlationId: string | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

export interface RequestOptions {
  body?: unknown;
  form?: FormData;
  query?: object;
  /** Sends an Idempotency-Key: a repeat of this very call is answered, not done, a second time. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** The call outlives the page: a reload must not lose the rotated cookie in its answer. */
  keepalive?: boolean;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export function setAccessToken(token: string | null): void {
  accessToken = token;
}

/** Called once when a session can no longer be refreshed. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Calls the API with the session's token. Throws ApiError, or DOMException "AbortError" when aborted. */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  let response = await send(method, path, options);
  if (response.status === 401 && !path.startsWith("/auth/")) {
    if (await refresh()) response = await send(method, path, options);
    else onSignedOut();
  }
  if (!response.ok) throw await errorOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Asks for a new access token by the cookie. Several callers share one attempt. */
export function refresh(): Promise<boolean> {
  refreshing ??= acrossTabs(askForToken).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

// The refresh token is rotated on each use and a reuse revokes it, so two tabs must not send it at once.
async function acrossTabs<T>(work: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? ((await navigator.locks.request("session-refresh", work)) as T) : work();
}

async function askForToken(): Promise<boolean> {
  const response = await send("POST", "/auth/refresh", { keepalive: true }).catch(() => null);
  if (!response?.ok) {
    if (response === null || response.status >= 500) throw await unavailable(response);
    accessToken = null;
    return false;
  }
  accessToken = ((await response.json()) as { access_token: string }).access_token;
  return true;
}

async function unavailable(response: Response | null): Promise<ApiError> {
  return response ? errorOf(response) : new ApiError(0, "offline", "The server cannot be reached.");
}

const RETRY_MS = 600;

// A question is asked once more when the network fails it: a phone that changes networks cuts what is under way.
async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  try {
    return await sendOnce(method, path, options);
  } catch (error) {
    if (method !== "GET" || !(error instanceof ApiError)) throw error;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return sendOnce(method, path, options);
  }
}

async function sendOnce(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (accessToken) headers.set("Authorization", `Bearer ${accessToken}`);
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.idempotencyKey) headers.set("Idempotency-Key", options.idempotencyKey);
  const body = options.form ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  try {
    return await fetch(BASE + path + queryString(options.query), {
      method, headers, body, signal: options.signal ?? null, keepalive: options.keepalive ?? false, credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "The server cannot be reached. Check your connection and try again.");
  }
}

/** "?a=1&b=2" of the values that are set; "" when none is. */
export function queryString(query: object = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(set.map(([key, value]): [string, string] => [key, String(value)])).toString();
  return text ? `?${text}` : "";
}

interface ErrorBody {
  error?: { code?: string; message?: string; fields?: Record<string, string> };
  correlation_id?: string;
}

async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const retry = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    body.error?.code ?? "http",
    body.error?.message ?? fallbackMessage(response.status),
    body.error?.fields ?? {},
    body.correlation_id ?? response.headers.get("X-Request-ID"),
    Number.isFinite(retry) && retry > 0 ? retry : null,
  );
}

function fallbackMessage(status: number): string {
  if (status === 413) return "The file is too large: 10 MB at most.";
  if (status === 429) return "Too many requests. Wait a moment and try again.";
  if (status >= 500) return "The service is not available right now. Try again in a moment.";
  return "That did not work.";
}

/** A key for one intent of the user: made when a form opens, used again when the same submit is repeated. */
export function newKey(): string {
  return crypto.randomUUID();
}
