import { RefusedError, UnexpectedAnswerError, UnreachableError, type RefusedField } from './errors';

/*
 * page → request() → fetch → the box
 *                  ← JSON of the type the caller names, or one of the three errors of ./errors
 * The token and the language are asked for at each request, so that neither can be stale.
 */

export const apiRoot = '/api/v1';

interface Surroundings {
  token: () => string | null;
  language: () => string;
  /** the box no longer knows the token that was sent */
  onSignedOut: (token: string) => void;
}

let surroundings: Surroundings = { token: () => null, language: () => 'zh-CN', onSignedOut: () => {} };

export function configureClient(given: Surroundings): void {
  surroundings = given;
}

export type Query = Record<string, string | number | undefined>;

export interface RequestOptions {
  body?: unknown;
  query?: Query;
  signal?: AbortSignal;
  /** give up after this long, ms */
  timeoutMs?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const answer = await send(method, path, options);
  if (answer.status === 204) return undefined as T;
  try {
    return (await answer.json()) as T;
  } catch {
    throw new UnexpectedAnswerError(answer.status);
  }
}

export async function requestBlob(path: string, signal?: AbortSignal): Promise<Blob> {
  const answer = await send('GET', path, { signal, timeoutMs: 120_000 });
  try {
    return await answer.blob();
  } catch (cause) {
    throw new UnreachableError({ cause });
  }
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const token = surroundings.token();
  const headers: Record<string, string> = { 'Accept-Language': surroundings.language() };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';

  const signals = [AbortSignal.timeout(options.timeoutMs ?? 15_000)];
  if (options.signal) signals.push(options.signal);

  let answer: Response;
  try {
    answer = await fetch(`${apiRoot}${path}${queryString(options.query)}`, {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: AbortSignal.any(signals),
      credentials: 'omit',
      cache: 'no-store',
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new UnreachableError({ cause });
  }
  if (answer.ok) return answer;

  const error = await refusal(answer);
  if (answer.status === 401 && token) surroundings.onSignedOut(token);
  throw error;
}

function queryString(query: Query | undefined): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '');
  if (pairs.length === 0) return '';
  return `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}`;
}

async function refusal(answer: Response): Promise<Error> {
  try {
    const { error } = (await answer.json()) as { error: { code: string; message: string; details?: RefusedField[] } };
    return new RefusedError(answer.status, error.code, error.message, error.details);
  } catch {
    // 502 to 504 come from something between us and the box
    return answer.status >= 502 && answer.status <= 504
      ? new UnreachableError()
      : new UnexpectedAnswerError(answer.status);
  }
}
