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
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import type { Ports } from '../ports.js';
import { recordingFile } from '../recording-file.js';
import { route, type Route } from '../route.js';

const ByBox = z.strictObject({ id: Slug });
const ById = z.strictObject({ id: Ulid });
const TAG = 'Voicemail';

/** An agent has the boxes that name him, and those of his queues. */
export function mayListen(
  ports: Pick<Ports, 'agents'>,
  identity: Identity,
  box: { agents: readonly string[]; queueId: string | null },
): boolean {
  const reach = reachOf(ports, identity, 'messages.view', 'messages.edit', 'messages.boxes');
  if (reach.everything || reach.queue(box.queueId) || reach.serves(box.queueId)) return true;
  return box.agents.some((id) => reach.agent(id));
}

export function voicemailRoutes({ log, ports }: HttpContext): Route[] {
  const { voicemail } = ports;

  /** AppError voicemail_box_not_found. */
  async function mustListen(identity: Identity, id: string): Promise<void> {
    if (!mayListen(ports, identity, await voicemail.box(id))) throw new AppError('voicemail_box_not_found', { id });
  }

  /** AppError voice_message_not_found. */
  async function messageFor(identity: Identity, id: string): Promise<VoiceMessage> {
    const message = await voicemail.find(id);
    if (!mayListen(ports, identity, await voicemail.box(message.boxId)))
      throw new AppError('voice_message_not_found', { id });
    return message;
  }

  return [
    route({
      method: 'get',
      path: '/voicemail/boxes',
      summary: 'Boxes for voice messages; an agent gets those that he may listen to',
      tag: TAG,
      needs: ['messages.view', 'desk.use'],
      reply: z.array(VoicemailBox),
      handle: async ({ identity }) => (await voicemail.boxes()).filter((box) => mayListen(ports, identity, box)),
    }),
    route({
      method: 'post',
      path: '/voicemail/boxes',
      summary: 'Make a box',
      tag: TAG,
      needs: 'messages.boxes',
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
      needs: 'messages.boxes',
      params: ByBox,
      body: VoicemailBoxPatch,
      reply: VoicemailBox,
      errors: ['voicemail_box_not_found'],
      async handle({ params: { id }, body, identity }) {
        await mustListen(identity, id);
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
      needs: 'messages.boxes',
      params: ByBox,
      errors: ['voicemail_box_not_found'],
      async handle({ params: { id }, identity }) {
        await mustListen(identity, id);
        await voicemail.removeBox(id);
        log.info({ box: id, by: identity.user.username }, 'voicemail box removed');
      },
    }),
    route({
      method: 'get',
      path: '/voicemail/boxes/:id/messages',
      summary: 'Messages of a box, newest first',
      tag: TAG,
      needs: ['messages.view', 'desk.use'],
      params: ByBox,
      reply: z.array(VoiceMessage),
      errors: ['voicemail_box_not_found'],
      async handle({ params: { id }, identity }) {
        await mustListen(identity, id);
        return voicemail.messages(id);
      },
    }),
    route({
      method: 'get',
      path: '/voicemail/messages/:id/audio',
      summary: 'The message: WAV, left the caller; takes Range',
      tag: TAG,
      needs: ['messages.view', 'desk.use'],
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
      needs: ['messages.edit', 'desk.use'],
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
      needs: ['messages.edit', 'desk.use'],
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
      needs: ['messages.edit', 'desk.use'],
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
