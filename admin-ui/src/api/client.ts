import createClient from 'openapi-fetch';
import { RefusedError, UnexpectedAnswerError, UnreachableError, type RefusedField } from './errors';
import type { paths } from './generated/schema';

/*
 * page → api.GET('/api/v1/…') → fetch → the box
 *                             ← what the OpenAPI document says, or one of the three errors of ./errors
 * The token and the language are asked for at each request, so that neither can be stale.
 */

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

/** Every route of the box, typed by its OpenAPI document; gives up after 15 s. */
export const api = client(15_000);

/** The same for files and for long work; gives up after ten minutes. */
export const patientApi = client(600_000);

function client(timeoutMs: number) {
  return createClient<paths>({
    fetch: (request) => send(request, timeoutMs),
    credentials: 'omit',
    cache: 'no-store',
  });
}

/** What was answered; whatever went wrong has been thrown already. */
export async function told<T>(answer: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data, response } = await answer;
  if (data === undefined && response.status !== 204) throw new UnexpectedAnswerError(response.status);
  return data as T;
}

/** Options of a route that takes a file as it is: `api.PUT(path, { ...fileBody(file) })`. */
export function fileBody(file: Blob) {
  return {
    // the document calls a file a string (binary); what is sent is the file
    body: file as unknown as string,
    bodySerializer: () => file,
    headers: { 'Content-Type': 'application/octet-stream' },
  };
}

async function send(request: Request, timeoutMs: number): Promise<Response> {
  const token = surroundings.token();
  request.headers.set('Accept-Language', surroundings.language());
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  let answer: Response;
  try {
    answer = await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]) });
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new UnreachableError({ cause });
  }
  if (answer.ok) return answer;
  const error = await refusal(answer);
  if (answer.status === 401 && token) surroundings.onSignedOut(token);
  throw error;
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
