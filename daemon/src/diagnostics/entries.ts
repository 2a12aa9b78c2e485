import type { DiagnosticReport, DiagnosticReportEntry } from '../contract/index.js';

/** What a list shows of a report. */
export function entryOf(report: DiagnosticReport): DiagnosticReportEntry {
  const { id, startedAt, endedAt, technician, passed, cancelled, results } = report;
  const ran = results.filter(({ outcome }) => outcome !== 'skipped');
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  return { id, startedAt, endedAt, technician, passed, cancelled, failed, cases: ran.length };
}
