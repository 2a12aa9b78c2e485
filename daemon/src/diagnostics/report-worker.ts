// The thread that puts one report on paper.
import type { Language, SignedDiagnosticReport } from '../contract/index.js';
import { makeHere } from '../platform/index.js';
import { reportPdf } from './report-pdf.js';

await makeHere(({ signed, language }: { signed: SignedDiagnosticReport; language: Language }) =>
  reportPdf(signed, language),
);
