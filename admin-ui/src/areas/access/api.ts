import type {
  AuditEntry,
  PasswordChange,
  Role,
  RoleCreate,
  RolePatch,
  SignInRules,
  UserCreate,
  UserPatch,
} from '@cordboard/daemon/contract';
import { api, told } from '@/api/client';

const withId = (id: string) => ({ params: { path: { id } } });

/** The routes of users, roles and one's own account. */
export const access = {
  users: (signal?: AbortSignal) => told(api.GET('/api/v1/users', { signal: signal ?? null })),
  userAccess: (signal?: AbortSignal) => told(api.GET('/api/v1/user-access', { signal: signal ?? null })),
  lockedNames: (signal?: AbortSignal) => told(api.GET('/api/v1/locked-names', { signal: signal ?? null })),
  agents: (signal?: AbortSignal) => told(api.GET('/api/v1/agents', { signal: signal ?? null })),
  queues: (signal?: AbortSignal) => told(api.GET('/api/v1/queues', { signal: signal ?? null })),
  makeUser: (body: UserCreate) => told(api.POST('/api/v1/users', { body })),
  changeUser: (id: string, body: UserPatch) => told(api.PATCH('/api/v1/users/{id}', { ...withId(id), body })),
  removeUser: (id: string) => told(api.DELETE('/api/v1/users/{id}', withId(id))),
  resetPassword: (id: string) => told(api.POST('/api/v1/users/{id}/password', withId(id))),
  dropFactor: (id: string) => told(api.DELETE('/api/v1/users/{id}/second-factor', withId(id))),
  unlock: (name: string) => told(api.DELETE('/api/v1/locked-names/{name}', { params: { path: { name } } })),
  sessionsOf: (id: string, signal?: AbortSignal) =>
    told(api.GET('/api/v1/users/{id}/sessions', { ...withId(id), signal: signal ?? null })),
  endSessionsOf: (id: string) => told(api.DELETE('/api/v1/users/{id}/sessions', withId(id))),
  endSessionOf: (id: string, sessionId: string) =>
    told(api.DELETE('/api/v1/users/{id}/sessions/{sessionId}', { params: { path: { id, sessionId } } })),

  roles: (signal?: AbortSignal): Promise<Role[]> => told(api.GET('/api/v1/roles', { signal: signal ?? null })),
  makeRole: (body: RoleCreate) => told(api.POST('/api/v1/roles', { body })),
  changeRole: (id: string, body: RolePatch) => told(api.PATCH('/api/v1/roles/{id}', { ...withId(id), body })),
  removeRole: (id: string) => told(api.DELETE('/api/v1/roles/{id}', withId(id))),
  rules: (signal?: AbortSignal) => told(api.GET('/api/v1/sign-in-rules', { signal: signal ?? null })),
  putRules: (body: SignInRules) => told(api.PUT('/api/v1/sign-in-rules', { body })),
  // its before and after may be anything, which the generated types cannot say
  audit: async (
    query: { actor?: string; objectKind?: string; before?: string; limit?: number },
    signal?: AbortSignal,
  ): Promise<{ entries: AuditEntry[]; before: string | null }> => {
    const { entries, before } = await told(api.GET('/api/v1/audit', { params: { query }, signal: signal ?? null }));
    return { entries: entries as AuditEntry[], before };
  },

  account: (signal?: AbortSignal) => told(api.GET('/api/v1/account', { signal: signal ?? null })),
  setLanguage: (language: 'zh-CN' | 'en') => told(api.PATCH('/api/v1/account', { body: { language } })),
  changePassword: (body: PasswordChange) => told(api.PUT('/api/v1/account/password', { body })),
  offerFactor: (password: string) => told(api.POST('/api/v1/account/second-factor', { body: { password } })),
  confirmFactor: (code: string) => told(api.POST('/api/v1/account/second-factor/confirmation', { body: { code } })),
  newCodes: (password: string) =>
    told(api.POST('/api/v1/account/second-factor/recovery-codes', { body: { password } })),
  removeFactor: (password: string) => told(api.POST('/api/v1/account/second-factor/removal', { body: { password } })),
  sessions: (signal?: AbortSignal) => told(api.GET('/api/v1/account/sessions', { signal: signal ?? null })),
  endOthers: () => told(api.DELETE('/api/v1/account/sessions')),
  endSession: (id: string) => told(api.DELETE('/api/v1/account/sessions/{id}', withId(id))),
};
