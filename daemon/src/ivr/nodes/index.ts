// Every type of node there is.
import { z } from 'zod';
import type { JsonObject } from '../../contract/index.js';
import type { NodeKind } from '../node-kind.js';
import { announce } from './announce.js';
import { branch } from './branch.js';
import { collect } from './collect.js';
import { hangup } from './hangup.js';
import { http } from './http.js';
import { language } from './language.js';
import { member } from './member.js';
import { menu } from './menu.js';
import { play } from './play.js';
import { queue } from './queue.js';
import { record } from './record.js';
import { recording } from './recording.js';
import { returnNode } from './return.js';
import { say } from './say.js';
import { schedule } from './schedule.js';
import { conference, faxReceive, faxSend, survey, voicemail } from './services.js';
import { set } from './set.js';
import { speakNode } from './speak.js';
import { sql } from './sql.js';
import { subflow } from './subflow.js';
import { transfer } from './transfer.js';
import { voicemailMenu } from './voicemail-menu.js';

export const nodeKinds: readonly NodeKind[] = [
  ...[play, speakNode, say, menu, collect, branch, set, schedule, language, member, http, sql, queue, transfer],
  ...[
    voicemail,
    voicemailMenu,
    record,
    recording,
    conference,
    survey,
    faxReceive,
    faxSend,
    announce,
    subflow,
    returnNode,
    hangup,
  ],
];

const byType = new Map(nodeKinds.map((kind) => [kind.type, kind]));

export function kindOf(type: string): NodeKind | undefined {
  return byType.get(type);
}

/** JSON Schema of a type, for pages that draw its form. */
export function schemaOf(kind: NodeKind): JsonObject {
  return z.toJSONSchema(kind.schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
}
