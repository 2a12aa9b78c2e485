import { z } from 'zod';
import { PERMISSIONS } from './permission-names.js';

export const Permission = z
  .enum(PERMISSIONS)
  .meta({ id: 'Permission', description: 'Something that a role allows: an area and what may be done there' });
export type Permission = z.infer<typeof Permission>;
