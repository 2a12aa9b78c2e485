// Surveys, put together: what callers hear, who is asked about telephones and flows, and the node of flows.
import type { ZoneClock } from '../calendar/index.js';
import type { CallControl } from '../calls/index.js';
import type { Language, LiveEvents } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { Ports } from '../http/index.js';
import type { FlowBook, PromptLibrary } from '../ivr/index.js';
import type { Clock, Log, TypedEmitter } from '../platform/index.js';
import { SurveyBook, SurveyService } from '../surveys/index.js';

export interface SurveyPartsOptions {
  db: Db;
  flows: FlowBook;
  prompts: PromptLibrary;
  agentAt: (station: number) => string | null;
  zone: ZoneClock;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

export function makeSurveys({ flows, prompts, zone, ...options }: SurveyPartsOptions): SurveyService {
  const { log } = options;
  const flowsWith = (surveyId: string): string[] =>
    [...flows.inForce]
      .filter(([, { definition }]) =>
        Object.values(definition.nodes).some((node) => node.type === 'survey' && node['to'] === surveyId),
      )
      .map(([id]) => id);
  const book = new SurveyBook({
    ...options,
    promptNames: () => prompts.names(),
    records: () => flows.ports.record !== undefined,
    flowsWith,
  });
  const surveys = new SurveyService({
    ...options,
    book,
    voices: {
      async prompts(names, language) {
        const { files, missing } = await prompts.findAll(names, language);
        if (missing.length > 0) log.warn({ missing, language }, 'prompts of a survey are missing');
        return files;
      },
      async speak(text, language) {
        if (flows.ports.speaker === undefined) throw new Error('there is no voice');
        return flows.ports.speaker.speak(text, language);
      },
    },
    recorder: () => flows.ports.record,
    dayOf: (at) => new Date(zone.wallOf(at)).toISOString().slice(0, 10),
  });
  Object.assign(flows.ports, { survey: surveys.port });
  return surveys;
}

export function surveysPort(surveys: SurveyService): Ports['surveys'] {
  const { book } = surveys;
  return {
    list: () => book.list(),
    get: (id) => book.get(id),
    create: (survey, by, note) => book.create(survey, by, note),
    change: (id, patch, by, note) => book.change(id, patch, by, note),
    remove: (id, note) => book.remove(id, note),
    rules: () => book.rules(),
    createRule: (rule, note) => book.createRule(rule, note),
    changeRule: (id, patch, note) => book.changeRule(id, patch, note),
    removeRule: (id, note) => book.removeRule(id, note),
    push: (callId, station, surveyId) => surveys.push(callId, station, surveyId),
    results: (query, surveyIds) => surveys.results(query, surveyIds),
    figures: (query, surveyIds) => surveys.figures(query, surveyIds),
  };
}

export async function startSurveys(surveys: SurveyService, calls: CallControl, language: Language): Promise<void> {
  await surveys.book.start(language);
  await surveys.start(calls);
}
