// Words that page, terminal and report have in common, in the language of the page; figures beside their units.
import {
  DIAGNOSTIC_CASE_WORDS,
  DIAGNOSTIC_MEASURE_WORDS,
  DIAGNOSTIC_OUTCOME_WORDS,
  DIAGNOSTIC_REASON_WORDS,
  DIAGNOSTIC_STEP_WORDS,
  diagnosticLineName,
  diagnosticStandard,
  type DiagnosticCaseId,
  type DiagnosticMeasure,
  type DiagnosticReason,
  type DiagnosticResult,
  type DiagnosticStep,
} from '@cordboard/daemon/contract';
import { useI18n } from 'vue-i18n';

export function useDiagnosticTexts() {
  const { locale } = useI18n();
  const word = (): 'en' | 'zh' => (locale.value === 'en' ? 'en' : 'zh');
  const of = (both: { en: string; zh: string }): string => both[word()];
  const lineName = (name: string): string => diagnosticLineName(name, word());
  return {
    caseName: (id: DiagnosticCaseId): string => of(DIAGNOSTIC_CASE_WORDS[id].name),
    caseAbout: (id: DiagnosticCaseId): string => of(DIAGNOSTIC_CASE_WORDS[id].about),
    measureName: ({ name, at }: DiagnosticMeasure): string => `${of(DIAGNOSTIC_MEASURE_WORDS[name])} ${at}`.trim(),
    outcome: (outcome: DiagnosticResult['outcome']): string => of(DIAGNOSTIC_OUTCOME_WORDS[outcome]),
    reason: (reason: DiagnosticReason): string => of(DIAGNOSTIC_REASON_WORDS[reason]),
    step: ({ kind, line, other }: DiagnosticStep): string =>
      of(DIAGNOSTIC_STEP_WORDS[kind]).replace('{line}', lineName(line)).replace('{other}', lineName(other)),
    lineName,
    standard: ({ standard }: DiagnosticMeasure): string => diagnosticStandard(standard, word()),
  };
}

export function valueText({ value, unit }: DiagnosticMeasure): string {
  if (typeof value === 'string') return value === '' ? '—' : value;
  const size = Math.abs(value);
  const number =
    size >= 1e6 || (size > 0 && size < 1e-3) ? value.toExponential(2) : String(Math.round(value * 100) / 100);
  return unit === '' ? number : `${number} ${unit}`;
}

export function limitText({ low, high, unit }: DiagnosticMeasure): string {
  if (low === null && high === null) return '';
  const end = unit === '' ? '' : ` ${unit}`;
  if (low === null) return `≤ ${String(high)}${end}`;
  return high === null ? `≥ ${low}${end}` : `${low} … ${high}${end}`;
}
