// Errors that somebody is told about. An AppError names its sentence in messages.ts; everything else that is thrown is a
// fault of the program, logged with its stack and answered as `internal`.
import type { ErrorBody, ErrorDetail, Language } from '../contract/index.js';
import { messages, type MessageCode, type MessageParam, type MessageParams } from './messages.js';

export interface AppErrorOptions {
  cause?: unknown;
  /** already in the language of the one who asked, or a function that says it */
  details?: ErrorDetail[] | ((language: Language) => ErrorDetail[]) | undefined;
}

type ParamsOf<Code extends MessageCode> = keyof MessageParams<Code> extends never
  ? [params?: Record<string, never>, options?: AppErrorOptions]
  : [params: MessageParams<Code>, options?: AppErrorOptions];

export class AppError<Code extends MessageCode = MessageCode> extends Error {
  readonly code: Code;
  /** Status of HTTP. */
  readonly status: number;
  readonly params: Readonly<Record<string, MessageParam>>;
  readonly #details: AppErrorOptions['details'];

  /** `new AppError('agent_not_found', { id: '2001' })` */
  constructor(code: Code, ...[params, options]: ParamsOf<Code>) {
    super(sentence(code, params ?? {}, 'en'), options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = messages[code].status;
    this.params = params ?? {};
    this.#details = options?.details;
  }

  text(language: Language): string {
    return sentence(this.code, this.params, language);
  }

  details(language: Language): ErrorDetail[] {
    return typeof this.#details === 'function' ? this.#details(language) : (this.#details ?? []);
  }

  /** As HTTP and the command line show it. */
  body(language: Language): ErrorBody {
    return { error: { code: this.code, message: this.text(language), details: this.details(language) } };
  }
}

/** True for an AppError, of that code when one is given. */
export function isAppError<Code extends MessageCode = MessageCode>(
  error: unknown,
  code?: Code,
): error is AppError<Code> {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** The sentence of a code, its {names} filled in; a name that is missing stays visible. */
export function sentence(
  code: MessageCode,
  params: Readonly<Record<string, MessageParam>>,
  language: Language,
): string {
  const template: string = language === 'en' ? messages[code].en : messages[code].zh;
  return template.replace(/\{([A-Za-z]+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    if (typeof value !== 'object') return String(value);
    return language === 'en' ? value.en : value.zh;
  });
}

/** The text of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
