// Desk telephones that fetch their settings from the box. What is secret of one is sealed (AES-256-GCM), its token kept as a digest.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

const text = (allowNull = false) => ({ type: DataTypes.TEXT, allowNull });
const time = (allowNull = true) => ({ type: DataTypes.BIGINT, allowNull });

export const phones: Migration = {
  name: '0033-phones',
  async up({ queryInterface, transaction }) {
    await queryInterface.createTable(
      'phones',
      {
        mac: { type: DataTypes.STRING(12), primaryKey: true, allowNull: false },
        ...{ vendor: text(), model: text() },
        station: {
          ...{ type: DataTypes.INTEGER, allowNull: false, unique: true },
          ...{ references: { model: 'sipStations', key: 'number' }, onDelete: 'CASCADE', onUpdate: 'CASCADE' },
        },
        ...{ transport: text(), keys: text(), firmwareUrl: text() },
        ...{ tokenHash: text(), bookHash: text(), sealed: text(), sealedSecret: text(true) },
        ...{ openUntil: time(), openFor: text(true) },
        ...{ askedAt: time(), fetchedAt: time(), registeredAt: time(), address: text(true), userAgent: text(true) },
        createdAt: time(false),
      },
      { transaction },
    );
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.dropTable('phones', { transaction });
  },
};
