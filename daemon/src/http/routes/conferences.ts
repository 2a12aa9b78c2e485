import { z } from 'zod';
import {
  ConferenceAction,
  ConferenceAdHoc,
  ConferenceAddCall,
  ConferenceInvite,
  ConferencePartyAction,
  ConferenceRecording,
  ConferenceRoom,
  ConferenceRoomCreate,
  ConferenceRoomPatch,
  ConferenceStatus,
  Slug,
  Ulid,
} from '../../contract/index.js';
import { AppError, isAppError, newUlid } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import { reachOf, stationOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });
const OfParty = z.strictObject({ id: Slug, party: Ulid });
const TAG = 'Conferences';
const OBJECT = 'conference';

export function conferenceRoutes({ db, log, clock, ports }: HttpContext): Route[] {
  const { conferences } = ports;

  /** Who reaches everything moderates every room, others those that name them or one of theirs. */
  function moderates(identity: Identity, { moderators }: { moderators: readonly string[] }): boolean {
    const reach = reachOf(ports, identity, 'conferences.view', 'conferences.moderate', 'conferences.edit');
    return reach.everything || moderators.some((id) => reach.agent(id));
  }

  /** AppError conference_not_found. */
  function roomFor(identity: Identity, id: string): ConferenceRoom {
    const room = conferences.room(id);
    if (!moderates(identity, room)) throw new AppError('conference_not_found', { id });
    return room;
  }

  const from = (identity: Identity, asked: number | undefined) => ({
    station: stationOf(ports, identity, asked),
    agentId: identity.user.agentId,
    by: identity.user.username,
  });

  return [
    route({
      method: 'get',
      path: '/conferences',
      summary: 'Conference rooms; an agent gets those that he moderates',
      tag: TAG,
      needs: ['conferences.view', 'desk.use'],
      reply: z.array(ConferenceRoom),
      async handle({ identity }) {
        await conferences.applied();
        return conferences.rooms().filter((room) => moderates(identity, room));
      },
    }),
    route({
      method: 'get',
      path: '/conferences/:id',
      summary: 'One room',
      tag: TAG,
      needs: ['conferences.view', 'desk.use'],
      params: ById,
      reply: ConferenceRoom,
      errors: ['conference_not_found'],
      async handle({ params: { id }, identity }) {
        await conferences.applied();
        return roomFor(identity, id);
      },
    }),
    route({
      method: 'post',
      path: '/conferences',
      summary: 'Make a room',
      tag: TAG,
      needs: 'conferences.edit',
      body: ConferenceRoomCreate,
      reply: ConferenceRoom,
      status: 201,
      errors: ['conference_exists', 'number_in_use'],
      async handle({ body, identity }) {
        const row = await conferences.roomRow(body);
        await db.write(async (tx) => {
          await tx.conferences.insertRoom(row);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'created', objectKind: OBJECT, objectId: body.id, after: body },
          });
        });
        await conferences.applied();
        return conferences.room(body.id);
      },
    }),
    route({
      method: 'patch',
      path: '/conferences/:id',
      summary: 'Change a room; what changes holds at once for those who come',
      tag: TAG,
      needs: 'conferences.edit',
      params: ById,
      body: ConferenceRoomPatch,
      reply: ConferenceRoom,
      errors: ['conference_not_found', 'number_in_use'],
      async handle({ params: { id }, body, identity }) {
        await conferences.applied();
        const before = roomFor(identity, id);
        const patch = await conferences.roomPatch(body);
        await db.write(async (tx) => {
          if (!(await tx.conferences.updateRoom(id, patch))) throw new AppError('conference_not_found', { id });
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: OBJECT, objectId: id, before, after: body },
          });
        });
        await conferences.applied();
        return conferences.room(id);
      },
    }),
    route({
      method: 'delete',
      path: '/conferences/:id',
      summary: 'Remove a room in which nobody is; its recordings stay',
      tag: TAG,
      needs: 'conferences.edit',
      params: ById,
      errors: ['conference_not_found', 'conference_in_use'],
      async handle({ params: { id }, identity }) {
        await conferences.applied();
        const before = roomFor(identity, id);
        conferences.mustBeEmpty(id);
        await db.write(async (tx) => {
          if (!(await tx.conferences.removeRoom(id))) throw new AppError('conference_not_found', { id });
          await audit(tx, clock.wallMs(), identity, { action: 'removed', objectKind: OBJECT, objectId: id, before });
        });
        await conferences.applied();
      },
    }),
    route({
      method: 'post',
      path: '/conferences/ad-hoc',
      summary: "Make a room for now: one's own telephone rings, and so do those who are invited",
      tag: TAG,
      needs: ['conferences.moderate', 'desk.use'],
      body: ConferenceAdHoc,
      reply: ConferenceStatus,
      status: 201,
      errors: ['conference_no_station', 'number_leads_nowhere'],
      async handle({ body: { invite, name, language, record, station: asked }, identity }) {
        const own = from(identity, asked);
        const { station } = own;
        if (station === null) throw new AppError('conference_no_station', { number: invite[0] ?? '' });
        const id = `ad-hoc-${newUlid().toLowerCase()}`;
        const moderators = own.agentId === null ? [] : [own.agentId];
        const settings = { id, name, language, record, moderators, dialOutStation: station };
        const row = { ...(await conferences.roomRow(ConferenceRoomCreate.parse(settings))), adHoc: true };
        await db.write(async (tx) => {
          await tx.conferences.insertRoom(row);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'created', objectKind: OBJECT, objectId: id, after: { ...settings, invite } },
          });
        });
        await conferences.applied();
        let status = await conferences.invite(id, { number: String(station), moderator: true }, own);
        for (const number of invite) {
          try {
            status = await conferences.invite(id, { number, moderator: false }, own);
          } catch (error) {
            // One who cannot be called does not keep the others from meeting: the reply names who is being called.
            if (!isAppError(error)) throw error;
            log.info({ room: id, number, why: error.code }, 'one who is invited cannot be called');
          }
        }
        return status;
      },
    }),
    route({
      method: 'get',
      path: '/conferences/:id/parties',
      summary: 'Who is in a room and who speaks; changes come over the socket',
      tag: TAG,
      needs: ['conferences.view', 'desk.use'],
      params: ById,
      reply: ConferenceStatus,
      errors: ['conference_not_found'],
      handle({ params: { id }, identity }) {
        roomFor(identity, id);
        return conferences.status(id);
      },
    }),
    route({
      method: 'post',
      path: '/conferences/:id/actions',
      summary: 'Lock, mute all, record, end',
      tag: TAG,
      needs: ['conferences.moderate', 'desk.use'],
      params: ById,
      body: ConferenceAction,
      reply: ConferenceStatus,
      errors: [
        'conference_not_found',
        'conference_empty',
        'conference_not_lockable',
        'conference_never_recorded',
        'conference_recording_wrong_state',
        'conference_not_recorded',
      ],
      handle({ params: { id }, body: { action }, identity }) {
        roomFor(identity, id);
        return conferences.act(id, action, identity.user.username);
      },
    }),
    route({
      method: 'post',
      path: '/conferences/:id/parties/:party/actions',
      summary: 'Mute, deafen, make louder or remove one',
      tag: TAG,
      needs: ['conferences.moderate', 'desk.use'],
      params: OfParty,
      body: ConferencePartyAction,
      reply: ConferenceStatus,
      errors: ['conference_not_found', 'conference_empty', 'conference_party_not_found'],
      handle({ params: { id, party }, body, identity }) {
        roomFor(identity, id);
        return conferences.actOnParty(id, party, body, identity.user.username);
      },
    }),
    route({
      method: 'post',
      path: '/conferences/:id/invitations',
      summary: 'Call somebody into a room; he comes in by the key 1',
      tag: TAG,
      needs: ['conferences.moderate', 'desk.use'],
      params: ById,
      body: ConferenceInvite,
      reply: ConferenceStatus,
      status: 201,
      errors: [
        'conference_not_found',
        'conference_full',
        'conference_no_station',
        'number_leads_nowhere',
        'line_refused',
        'line_unknown',
      ],
      handle({ params: { id }, body: { number, moderator, station }, identity }) {
        roomFor(identity, id);
        return conferences.invite(id, { number, moderator }, from(identity, station));
      },
    }),
    route({
      method: 'post',
      path: '/conferences/:id/calls',
      summary: "Bring the partner of one's talk into a room, and come along",
      tag: TAG,
      needs: ['conferences.moderate', 'desk.use'],
      params: ById,
      body: ConferenceAddCall,
      reply: ConferenceStatus,
      errors: [
        'conference_not_found',
        'conference_no_number',
        'call_not_found',
        'not_in_call',
        'call_wrong_state',
        'number_leads_nowhere',
      ],
      handle({ params: { id }, body: { callId, station: asked, join }, identity }) {
        conferences.room(id);
        const station = stationOf(ports, identity, asked);
        if (station === null) throw new AppError('call_not_found', { id: callId });
        return conferences.addCall(id, callId, station, join, identity.user.username);
      },
    }),
    route({
      method: 'get',
      path: '/conferences/:id/recordings',
      summary: 'Recordings of a room, newest first; also of one that has been removed',
      tag: TAG,
      needs: ['conferences.view', 'desk.use'],
      params: ById,
      reply: z.array(ConferenceRecording),
      errors: ['conference_not_found'],
      handle({ params: { id }, identity }) {
        if (!reachOf(ports, identity, 'conferences.view').everything) roomFor(identity, id);
        return conferences.recordings(id);
      },
    }),
  ];
}
