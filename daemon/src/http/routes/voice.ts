// What is said by telephone and kept: answers in flows, prompts, announcements; and who is called for a voice message.
import { z } from 'zod';
import {
  AnnouncementNumber,
  AnnouncementNumberPut,
  FlowRecordingList,
  FlowRecordingQuery,
  PromptTicket,
  PromptTicketCreate,
  Slug,
  Ulid,
  VoicemailNotice,
  type FlowRecording,
} from '../../contract/index.js';
import type { FlowRecordingRow } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import type { Identity } from '../auth/identity.js';
import { filterOf, reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { recordingFile } from '../recording-file.js';
import { route, type Route } from '../route.js';
import { mayListen } from './voicemail.js';

const ById = z.strictObject({ id: Ulid });
const BySlug = z.strictObject({ id: Slug });

export function voiceRoutes({ db, log, ports }: HttpContext): Route[] {
  /** AppError flow_recording_not_found: it is of a call of others. */
  async function mustReach(identity: Identity, id: string): Promise<void> {
    const reach = reachOf(ports, identity, 'recordings.listen', 'recordings.remove');
    if (reach.everything) return;
    const row = await db.voice.flowRecording(id);
    const call = row === null ? null : await db.calls.find(row.callId);
    if (call === null || !reach.call(call)) throw new AppError('flow_recording_not_found', { id });
  }

  return [
    route({
      method: 'get',
      path: '/flow-recordings',
      summary: 'What callers said to record nodes, newest first',
      tag: 'Flows',
      needs: 'recordings.listen',
      query: FlowRecordingQuery,
      reply: FlowRecordingList,
      async handle({ query, identity }) {
        const reach = filterOf(ports, reachOf(ports, identity, 'recordings.listen'));
        const found = await db.voice.flowRecordings({ ...query, reach, limit: query.limit + 1 });
        const page = found.slice(0, query.limit);
        return {
          recordings: page.map(shown),
          before: found.length > query.limit ? (page.at(-1)?.id ?? null) : null,
        };
      },
    }),
    route({
      method: 'get',
      path: '/flow-recordings/:id/audio',
      summary: 'One of them: WAV, left the caller; takes Range',
      tag: 'Flows',
      needs: 'recordings.listen',
      params: ById,
      replyType: 'audio/wav',
      errors: ['flow_recording_not_found', 'recording_damaged', 'recording_key_missing', 'range_unsatisfiable'],
      async handle({ params: { id }, identity, header, remoteAddress }) {
        await mustReach(identity, id);
        const source = await ports.voice.openFlowRecording(id);
        const range = header('range');
        const file = await recordingFile(source, { tag: id, name: id }, range, header('if-range'));
        await ports.recordings.note(id, 'listened', { by: identity.user.username, from: remoteAddress }, range ?? '');
        return file;
      },
    }),
    route({
      method: 'delete',
      path: '/flow-recordings/:id',
      summary: 'Remove one of them for good',
      tag: 'Flows',
      needs: 'recordings.remove',
      params: ById,
      errors: ['flow_recording_not_found'],
      async handle({ params: { id }, identity, remoteAddress }) {
        await mustReach(identity, id);
        await ports.voice.removeFlowRecording(id);
        await ports.recordings.note(id, 'removed', { by: identity.user.username, from: remoteAddress });
      },
    }),
    route({
      method: 'get',
      path: '/voicemail/boxes/:id/notices',
      summary: 'Calls that tell of messages of a box, newest first',
      tag: 'Voicemail',
      needs: 'messages.view',
      params: BySlug,
      reply: z.array(VoicemailNotice),
      errors: ['voicemail_box_not_found'],
      async handle({ params: { id }, identity }) {
        if (!mayListen(ports, identity, await ports.voicemail.box(id)))
          throw new AppError('voicemail_box_not_found', { id });
        return db.voice.noticesOf(id);
      },
    }),
    route({
      method: 'post',
      path: '/prompt-tickets',
      summary: 'Leave to record a prompt by telephone: a code to dial, or a telephone that rings',
      tag: 'Flows',
      needs: 'prompts.edit',
      body: PromptTicketCreate,
      reply: PromptTicket,
      status: 201,
      errors: ['too_many_prompt_tickets', 'number_leads_nowhere'],
      async handle({ body, identity }) {
        const ticket = await ports.voice.promptTicket(body, identity.user.username);
        const { name, language, station } = body;
        log.info({ prompt: name, language, station, by: identity.user.username }, 'a prompt may be recorded');
        return ticket;
      },
    }),
    route({
      method: 'get',
      path: '/announcement-numbers',
      summary: 'The numbers by which announcements are switched by telephone',
      tag: 'Flows',
      needs: 'prompts.view',
      reply: z.array(AnnouncementNumber),
      handle: async () => (await db.voice.announcementNumbers()).map(numberShown),
    }),
    route({
      method: 'put',
      path: '/announcements/:id/telephone',
      summary: 'Give an announcement a number for telephones, and a PIN',
      tag: 'Flows',
      needs: 'prompts.edit',
      params: BySlug,
      body: AnnouncementNumberPut,
      reply: AnnouncementNumber,
      errors: ['announcement_not_found', 'number_in_use'],
      async handle({ params: { id }, body: { number, pin }, identity }) {
        if ((await db.announcements.find(id)) === null) throw new AppError('announcement_not_found', { id });
        const before = await db.voice.announcementNumber(id);
        const pinHash =
          pin === undefined ? (before?.pinHash ?? null) : pin === null ? null : await ports.voice.hashPin(pin);
        const row = { id, number, pinHash };
        await db.write((tx) => tx.voice.putAnnouncementNumber(row));
        log.info({ announcement: id, number, by: identity.user.username }, 'announcement has a number for telephones');
        return numberShown(row);
      },
    }),
    route({
      method: 'delete',
      path: '/announcements/:id/telephone',
      summary: 'Take the number for telephones away',
      tag: 'Flows',
      needs: 'prompts.edit',
      params: BySlug,
      errors: ['announcement_number_not_found'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.voice.removeAnnouncementNumber(id))))
          throw new AppError('announcement_number_not_found', { id });
        log.info(
          { announcement: id, by: identity.user.username },
          'announcement has no number for telephones any more',
        );
      },
    }),
  ];
}

const shown = ({ state: _state, ...recording }: FlowRecordingRow): FlowRecording => recording;

const numberShown = ({ id, number, pinHash }: { id: string; number: string; pinHash: string | null }) => ({
  ...{ id, number, hasPin: pinHash !== null },
});
