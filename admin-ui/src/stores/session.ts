import type {
  Permission,
  Scope,
  Session,
  SetupRequest,
  SignedIn,
  SignIn,
  SignInDuty,
  User,
} from '@cordboard/daemon/contract';
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { box } from '@/api/box';
import { RefusedError } from '@/api/errors';
import { usePreferences } from './preferences';

const storageKey = 'cordboard.token';

/** Who sits here. The token outlives a reload of the page; a call never depends on it. */
export const useSession = defineStore('session', () => {
  const token = ref<string | null>(localStorage.getItem(storageKey));
  const user = ref<User | null>(null);
  const setupNeeded = ref(false);
  /** a session that was ours has ended without our asking for it */
  const ended = ref(false);
  /** the page is open and the box has not answered yet */
  const waiting = ref(false);

  const permissions = ref<ReadonlySet<Permission>>(new Set());
  /** whose calls, recordings and agents one sees */
  const scope = ref<Scope>({ kind: 'own' });
  /** what has to be done before the box serves anything else */
  const due = ref<readonly SignInDuty[]>([]);

  /** Whether the box would let us, by one of them where there are several; a page shows no button that it would refuse. */
  const may = (needs: Permission | readonly Permission[]): boolean =>
    typeof needs === 'string' ? permissions.value.has(needs) : needs.some((one) => permissions.value.has(one));
  const mayListen = computed(() => may('recordings.listen'));

  /** Resolves when it is known who sits here; until the box answers it is asked again and `waiting` is true. */
  let known: Promise<void> | undefined;
  const begin = (): Promise<void> => (known ??= untilKnown());

  async function untilKnown(): Promise<void> {
    for (;;) {
      try {
        await resume();
        waiting.value = false;
        return;
      } catch {
        waiting.value = true;
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    }
  }

  async function resume(): Promise<void> {
    const health = await box.health();
    setupNeeded.value = health.setupNeeded;
    if (!token.value) return;
    try {
      accept(await box.session());
    } catch (error) {
      if (!(error instanceof RefusedError && error.status === 401)) throw error;
      forget(true);
    }
  }

  /** Reads anew who we are and what we may; a session that is no more ends through the client's 401. */
  async function refresh(): Promise<void> {
    try {
      accept(await box.session());
    } catch {
      // the box is away: nothing is known better than before
    }
  }

  async function signIn(credentials: SignIn): Promise<void> {
    keep(await box.signIn(credentials));
  }

  async function setUp(request: SetupRequest): Promise<void> {
    keep(await box.setUp(request));
    setupNeeded.value = false;
  }

  async function signOut(): Promise<void> {
    try {
      await box.signOut();
    } catch {
      // the box is away or has forgotten us already: what matters here is that this browser forgets
    } finally {
      forget(false);
    }
  }

  /** `sent` is the token that was refused; a newer one stays. */
  function onRefused(sent: string): void {
    if (sent === token.value) forget(user.value !== null);
  }

  function forget(unasked: boolean): void {
    token.value = null;
    user.value = null;
    permissions.value = new Set();
    due.value = [];
    ended.value = unasked;
    localStorage.removeItem(storageKey);
  }

  function keep(signedIn: SignedIn): void {
    token.value = signedIn.token;
    ended.value = false;
    localStorage.setItem(storageKey, signedIn.token);
    accept(signedIn);
  }

  function accept(told: Session): void {
    permissions.value = new Set(told.permissions);
    scope.value = told.scope;
    due.value = told.due;
    user.value = told.user;
    usePreferences().suggestLanguage(told.user.language);
  }

  return {
    token,
    user,
    scope,
    due,
    setupNeeded,
    ended,
    waiting,
    mayListen,
    may,
    begin,
    refresh,
    signIn,
    setUp,
    signOut,
    onRefused,
    forget,
  };
});
