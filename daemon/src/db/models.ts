// Every table as Sequelize knows it.
import type { Sequelize } from 'sequelize';
import { defineAccessModels } from './access-models.js';
import { defineBoxModels } from './box-models.js';
import { defineCallbackModels } from './callback-models.js';
import { defineContactModels } from './contact-models.js';
import { defineConferenceModels } from './conference-models.js';
import { defineCoreModels } from './core-models.js';
import { defineDeskModels } from './desk-models.js';
import { defineFloorModels } from './floor-models.js';
import { defineFlowModels } from './flow-models.js';
import { defineLineModels } from './line-models.js';
import { defineRecordingModels } from './recording-models.js';
import { defineRoutingModels } from './routing-models.js';
import { defineSurveyModels } from './survey-models.js';
import { defineVoiceModels } from './voice-models.js';

type AccessModels = ReturnType<typeof defineAccessModels>;
type BoxModels = ReturnType<typeof defineBoxModels>;
type CoreModels = ReturnType<typeof defineCoreModels>;
type DeskModels = ReturnType<typeof defineDeskModels>;
type FloorModels = ReturnType<typeof defineFloorModels>;
type FlowModels = ReturnType<typeof defineFlowModels>;
type LineModels = ReturnType<typeof defineLineModels>;
type RoutingModels = ReturnType<typeof defineRoutingModels>;
type RecordingModels = ReturnType<typeof defineRecordingModels>;
type CallbackModels = ReturnType<typeof defineCallbackModels>;
type SurveyModels = ReturnType<typeof defineSurveyModels>;
type ConferenceModels = ReturnType<typeof defineConferenceModels>;
type VoiceModels = ReturnType<typeof defineVoiceModels>;
type ContactModels = ReturnType<typeof defineContactModels>;
export interface Models
  extends
    AccessModels,
    BoxModels,
    CoreModels,
    DeskModels,
    FloorModels,
    FlowModels,
    LineModels,
    RoutingModels,
    RecordingModels,
    CallbackModels,
    SurveyModels,
    ConferenceModels,
    VoiceModels,
    ContactModels {}

/** The models of one database. */
export function defineModels(sequelize: Sequelize): Models {
  return {
    ...defineAccessModels(sequelize),
    ...defineBoxModels(sequelize),
    ...defineCoreModels(sequelize),
    ...defineDeskModels(sequelize),
    ...defineFloorModels(sequelize),
    ...defineFlowModels(sequelize),
    ...defineLineModels(sequelize),
    ...defineRoutingModels(sequelize),
    ...defineRecordingModels(sequelize),
    ...defineCallbackModels(sequelize),
    ...defineSurveyModels(sequelize),
    ...defineConferenceModels(sequelize),
    ...defineVoiceModels(sequelize),
    ...defineContactModels(sequelize),
  };
}
