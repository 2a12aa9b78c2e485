// Uploads with progress, which fetch cannot tell.
import type { Language, Prompt } from '@cordboard/daemon/contract';
import { RefusedError, UnexpectedAnswerError, UnreachableError, type RefusedField } from '@/api/errors';

export interface Upload {
  token: string | null;
  /** of the page: that of what the box says */
  spoken: Language;
  progress: (share: number) => void;
}

export function uploadPrompt(
  name: string,
  language: Language,
  file: Blob,
  { token, spoken, progress }: Upload,
): Promise<Prompt> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/api/v1/prompts/${encodeURIComponent(language)}/${encodeURIComponent(name)}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('Accept-Language', spoken);
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(total > 0 ? loaded / total : 0));
    request.upload.addEventListener('load', () => progress(1));
    request.addEventListener('error', () => reject(new UnreachableError()));
    request.addEventListener('load', () => {
      try {
        const answer: unknown = JSON.parse(request.responseText);
        if (request.status >= 200 && request.status < 300) return resolve(answer as Prompt);
        const { error } = answer as { error: { code: string; message: string; details?: RefusedField[] } };
        reject(new RefusedError(request.status, error.code, error.message, error.details));
      } catch {
        reject(new UnexpectedAnswerError(request.status));
      }
    });
    request.send(file);
  });
}
