// When a queue's figures turn amber and red, as Sequelize knows it.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { integerOrNull, text, timeOrNull } from './columns.js';
import type { QueueThresholdsRow } from './floor-rows.js';

const shareOrNull = () => ({ type: DataTypes.DOUBLE, allowNull: true }) as const;

export function defineFloorModels(sequelize: Sequelize) {
  const queueThresholds = class extends Model<QueueThresholdsRow> {};
  queueThresholds.init(
    {
      queueId: { ...text(), primaryKey: true },
      ...{ waitingAmber: integerOrNull(), waitingRed: integerOrNull() },
      ...{ longestAmberMs: timeOrNull(), longestRedMs: timeOrNull() },
      ...{ serviceLevelAmber: shareOrNull(), serviceLevelRed: shareOrNull() },
    },
    { sequelize, tableName: 'queueThresholds', modelName: 'queueThresholds', timestamps: false },
  );
  return { queueThresholds };
}
