// Every case, in the order in which they run: what disturbs nothing first, the load last.
import type { DiagnosticCaseInfo, Language } from '../../contract/index.js';
import { DIAGNOSTIC_CASE_WORDS } from '../../contract/index.js';
import type { Case } from '../case.js';
import { bitErrorsCase, loadCase, remoteLoopCase } from './bit-cases.js';
import { alarmsCase, clockCase, inventoryCase, lineErrorsCase } from './box-cases.js';
import { callsCase, faxCase, ringCase } from './call-cases.js';
import { delayCase, digitsCase, echoCase, levelCase, noiseCase, responseCase } from './sound-cases.js';

export const CASES: readonly Case[] = [
  inventoryCase,
  alarmsCase,
  clockCase,
  lineErrorsCase,
  levelCase,
  responseCase,
  noiseCase,
  echoCase,
  digitsCase,
  delayCase,
  bitErrorsCase,
  remoteLoopCase,
  callsCase,
  ringCase,
  faxCase,
  loadCase,
];

export function caseInfos(language: Language): DiagnosticCaseInfo[] {
  const word = language === 'en' ? 'en' : 'zh';
  return CASES.map(({ id, needs }) => ({
    ...{ id, needs },
    name: DIAGNOSTIC_CASE_WORDS[id].name[word],
    about: DIAGNOSTIC_CASE_WORDS[id].about[word],
  }));
}
