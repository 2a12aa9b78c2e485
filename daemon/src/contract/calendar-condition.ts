import { z } from 'zod';
import { Slug } from './primitives.js';

export const CalendarCondition = z
  .strictObject({ calendarId: Slug, when: z.enum(['open', 'closed']) })
  .meta({ id: 'CalendarCondition', description: 'Only while the calendar says so' });
export type CalendarCondition = z.infer<typeof CalendarCondition>;
