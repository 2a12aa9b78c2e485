// Kinds of columns, for models. Functions, because Sequelize writes the column's name into the object it is given.
import { DataTypes } from 'sequelize';

export const id = () => ({ type: DataTypes.STRING(40), primaryKey: true }) as const;
export const text = () => ({ type: DataTypes.TEXT, allowNull: false }) as const;
export const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true }) as const;
export const integer = () => ({ type: DataTypes.INTEGER, allowNull: false }) as const;
export const integerOrNull = () => ({ type: DataTypes.INTEGER, allowNull: true }) as const;
export const realOrNull = () => ({ type: DataTypes.DOUBLE, allowNull: true }) as const;
export const time = () => ({ type: DataTypes.BIGINT, allowNull: false }) as const;
export const timeOrNull = () => ({ type: DataTypes.BIGINT, allowNull: true }) as const;
export const json = () => ({ type: DataTypes.JSON, allowNull: false }) as const;
export const jsonOrNull = () => ({ type: DataTypes.JSON, allowNull: true }) as const;
export const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false }) as const;
