import { z } from 'zod';
import { Language, PhoneNumber, Slug, Ulid } from './primitives.js';

export const Route = z
  .strictObject({
    id: Ulid,
    calledNumber: PhoneNumber.meta({ description: 'Number called; exact match' }),
    flowId: Slug,
    language: Language.meta({ description: 'Language of the prompts' }),
  })
  .meta({ id: 'Route' });
export type Route = z.infer<typeof Route>;

export const RouteCreate = Route.omit({ id: true }).meta({ id: 'RouteCreate' });
export type RouteCreate = z.infer<typeof RouteCreate>;

export const RoutePatch = RouteCreate.partial().meta({ id: 'RoutePatch' });
export type RoutePatch = z.infer<typeof RoutePatch>;
