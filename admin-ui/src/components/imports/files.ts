import type { ImportKind } from '@cordboard/daemon/contract';
import { patientApi, told } from '@/api/client';

/** Lets the browser keep a file. */
export function keep(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export interface ExportAsked {
  kind: ImportKind;
  of?: string | undefined;
  format: 'xlsx' | 'csv';
  template?: boolean;
  /** without its ending */
  name: string;
}

export async function fetchTable({ kind, of, format, template, name }: ExportAsked): Promise<void> {
  const query = { ...(of === undefined ? {} : { of }), format, template: template ?? false };
  const file: unknown = await told(
    patientApi.GET('/api/v1/exports/{kind}', { params: { path: { kind }, query: query as never }, parseAs: 'blob' }),
  );
  keep(file as Blob, `${name}.${format}`);
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An identity of the form that the box takes; only its owner asks by it, and only for minutes. */
export function jobId(): string {
  const random = crypto.getRandomValues(new Uint8Array(25));
  return `0${[...random].map((byte) => CROCKFORD[byte % 32]).join('')}`;
}
