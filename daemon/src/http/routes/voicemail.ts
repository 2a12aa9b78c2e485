import { z } from 'zod';
import {
  Slug,
  Ulid,
  VoiceMessage,
  VoiceMessageForward,
  VoiceMessagePatch,
  VoicemailBox,
  VoicemailBoxCreate,
  VoicemailBoxPatch,
} from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { recordingFile } from '../recording-file.js';
import { ADMIN, ANYONE_SIGNED_IN, route, type Route } from '../route.js';

const ByBox = z.strictObject({ id: Slug });
const ById = z.strictObject({ id: Ulid });
const TAG = 'Voicemail';

export function voicemailRoutes({ log, ports }: HttpContext): Route[] {
  const { voicemail } = ports;

  /** An agent has the boxes that name him, and those of his queues. */
  function mayListen({ user }: Identity, box: { agents: readonly string[]; queueId: string | null }): boolean {
    if (user.role !== 'agent') return true;
    if (user.agentId === null) return false;
    const queues = ports.agents.find(user.agentId)?.queues ?? [];
    return box.agents.includes(user.agentId) || (box.queueId !== null && queues.includes(box.queueId));
  }

  /** AppError voice_message_not_found. */
  async function messageFor(identity: Identity, id: string): Promise<VoiceMessage> {
    const message = await voicemail.find(id);
    if (!mayListen(identity, await voicemail.box(message.boxId))) throw new AppError('voice_message_not_found', { id });
    return message;
  }

  return [
    route({
      method: 'get',
      path: '/voicemail/boxes',
      summary: 'Boxes for voice messages; an agent gets those that he may listen to',
      tag: TAG,
      roles: ANYONE_SIGNED_IN,
      reply: z.array(VoicemailBox),
      handle: async ({ identity }) => (await voicemail.boxes()).filter((box) => mayListen(identity, box)),
    }),
    route({
      method: 'post',
      path: '/voicemail/boxes',
      summary: 'Make a box',
      tag: TAG,
      roles: ADMIN,
      body: VoicemailBoxCreate,
      reply: VoicemailBox,
      status: 201,
      errors: ['voicemail_box_exists'],
      async handle({ body, identity }) {
        const box = await voicemail.create(body);
        log.info({ box: box.id, by: identity.user.username }, 'voicemail box made');
        return box;
      },
    }),
    route({
      method: 'patch',
      path: '/voicemail/boxes/:id',
      summary: 'Change a box; a new PIN unlocks it',
      tag: TAG,
      roles: ADMIN,
      params: ByBox,
      body: VoicemailBoxPatch,
      reply: VoicemailBox,
      errors: ['voicemail_box_not_found'],
      async handle({ params: { id }, body, identity }) {
        const box = await voicemail.change(id, body);
        log.info({ box: id, by: identity.user.username }, 'voicemail box changed');
        return box;
      },
    }),
    route({
      method: 'delete',
      path: '/voicemail/boxes/:id',
      summary: 'Remove a box and its messages',
      tag: TAG,
      roles: ADMIN,
      params: ByBox,
      errors: ['voicemail_box_not_found'],
      async handle({ params: { id }, identity }) {
        await voicemail.removeBox(id);
        log.info({ box: id, by: identity.user.username }, 'voicemail box removed');
      },
    }),
    route({
      method: 'get',
      path: '/voicemail/boxes/:id/messages',
      summary: 'Messages of a box, newest first',
      tag: TAG,
      roles: ANYONE_SIGNED_IN,
      params: ByBox,
      reply: z.array(VoiceMessage),
      errors: ['voicemail_box_not_found'],
      async handle({ params: { id }, identity }) {
        if (!mayListen(identity, await voicemail.box(id))) throw new AppError('voicemail_box_not_found', { id });
        return voicemail.messages(id);
      },
    }),
    route({
      method: 'get',
      path: '/voicemail/messages/:id/audio',
      summary: 'The message: WAV, left the caller; takes Range',
      tag: TAG,
      roles: ANYONE_SIGNED_IN,
      params: ById,
      replyType: 'audio/wav',
      errors: ['voice_message_not_found', 'recording_damaged', 'recording_key_missing', 'range_unsatisfiable'],
      async handle({ params: { id }, identity, header }) {
        await messageFor(identity, id);
        const source = await voicemail.open(id);
        const file = await recordingFile(source, { tag: id, name: id }, header('range'), header('if-range'));
        log.info({ message: id, by: identity.user.username }, 'voice message was fetched');
        return file;
      },
    }),
    route({
      method: 'patch',
      path: '/voicemail/messages/:id',
      summary: 'Mark a message as new, read or handled',
      tag: TAG,
      roles: ANYONE_SIGNED_IN,
      params: ById,
      body: VoiceMessagePatch,
      reply: VoiceMessage,
      errors: ['voice_message_not_found'],
      async handle({ params: { id }, body: { state }, identity }) {
        await messageFor(identity, id);
        return voicemail.setState(id, state, identity.user.username);
      },
    }),
    route({
      method: 'post',
      path: '/voicemail/messages/:id/forward',
      summary: 'Hand a message on to another box, where it is new; here it is handled',
      tag: TAG,
      roles: ANYONE_SIGNED_IN,
      params: ById,
      body: VoiceMessageForward,
      reply: VoiceMessage,
      errors: ['voice_message_not_found', 'voicemail_box_not_found', 'voicemail_box_full'],
      async handle({ params: { id }, body: { to }, identity }) {
        await messageFor(identity, id);
        const copy = await voicemail.forward(id, to, identity.user.username);
        log.info({ message: id, to, by: identity.user.username }, 'voice message handed on');
        return copy;
      },
    }),
    route({
      method: 'delete',
      path: '/voicemail/messages/:id',
      summary: 'Remove a message',
      tag: TAG,
      roles: ANYONE_SIGNED_IN,
      params: ById,
      errors: ['voice_message_not_found'],
      async handle({ params: { id }, identity }) {
        await messageFor(identity, id);
        await voicemail.remove(id);
        log.info({ message: id, by: identity.user.username }, 'voice message removed');
      },
    }),
  ];
}
