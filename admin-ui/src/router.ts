import type { Permission } from '@cordboard/daemon/contract';
import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router';
import { box } from '@/api/box';
import { pages } from '@/areas';
import { toRoute } from '@/areas/area';
import { menuPages } from '@/areas/menu';
import { wizardStep } from '@/areas/wizard/state';
import { useSession } from '@/stores/session';

declare module 'vue-router' {
  interface RouteMeta {
    /** for people who have not signed in */
    open?: boolean;
    /** key of the words in the browser's title */
    title?: string;
    /** who may see it; left out: everybody who has signed in */
    needs?: Permission | readonly Permission[] | undefined;
    /** has the side menu beside it */
    menu?: boolean;
    /** the place in bar or menu that is marked */
    place?: string;
    /** without bar and menu */
    bare?: boolean | undefined;
  }
}

const PREFETCHED = new Set([
  ...['calls', 'call'],
  ...pages.filter(({ bar }) => bar !== undefined).map(({ name }) => name),
]);

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    // leads on as soon as it is known who sits here
    { path: '/', name: 'home', component: () => import('@/pages/NotFoundPage.vue') },
    ...pages.map(toRoute),
    {
      path: '/set-up',
      name: 'set-up',
      component: () => import('@/areas/wizard/SetUpPage.vue'),
      meta: { open: true, title: 'titles.set-up' },
    },
    {
      path: '/sign-in',
      name: 'sign-in',
      component: () => import('@/pages/SignInPage.vue'),
      meta: { open: true, title: 'signIn.title' },
    },
    {
      path: '/calls',
      name: 'calls',
      component: () => import('@/pages/CallsPage.vue'),
      meta: { title: 'shell.calls', needs: ['calls.view', 'desk.use'] },
    },
    {
      path: '/calls/:id',
      name: 'call',
      component: () => import('@/pages/CallPage.vue'),
      props: true,
      meta: { title: 'shell.calls', needs: ['calls.view', 'desk.use'] },
    },
    { path: '/:path(.*)*', name: 'not-found', component: () => import('@/pages/NotFoundPage.vue') },
  ],
});

/** Where somebody begins who has not asked for a page: the floor, or the first page that he may see. */
function homePage(): string {
  const { may, user } = useSession();
  // who sits at a desk begins there; who watches over others on the floor
  if (user?.agentId != null && may('desk.use') && !may('floor.view')) return 'desk';
  if (may('floor.view')) return 'floor';
  const inBar = router
    .getRoutes()
    .filter(({ name, meta }) => barPlace(String(name)) !== undefined && (meta.needs === undefined || may(meta.needs)))
    .sort((a, b) => (barPlace(String(a.name)) ?? 0) - (barPlace(String(b.name)) ?? 0));
  return String(inBar[0]?.name ?? menuPages(may)[0]?.name ?? 'account');
}

const OWN_BAR: Partial<Record<string, number>> = { calls: 30 };
const barPlace = (name: string): number | undefined => pages.find((page) => page.name === name)?.bar ?? OWN_BAR[name];

router.beforeEach(async (to): Promise<RouteLocationRaw | true> => {
  const session = useSession();
  await session.begin();
  if (session.setupNeeded) return to.name === 'set-up' ? true : { name: 'set-up' };
  // the wizard goes on until it is through, or put off
  if (session.user && session.may('settings.edit') && (to.name === 'set-up' || to.redirectedFrom?.path === '/')) {
    const open = (await wizardStep()) !== null;
    if (open !== (to.name === 'set-up')) return { name: open ? 'set-up' : homePage() };
    return true;
  }
  if (to.name === 'set-up') return { name: homePage() };
  if (!session.user) return to.meta.open ? true : { name: 'sign-in', query: { next: to.fullPath } };
  if (session.due.length > 0) return to.name === 'duty' ? true : { name: 'duty', query: { next: to.fullPath } };
  if (to.meta.open || to.name === 'duty' || to.name === 'home') return { name: homePage() };
  if (to.meta.needs && !session.may(to.meta.needs)) return { name: homePage() };
  return true;
});

// The box may be away when a page is first opened: those in the bar are fetched once the first one stands.
void router.isReady().then(() => {
  window.setTimeout(() => {
    for (const { name, components } of router.getRoutes()) {
      const page = components?.default;
      if (!PREFETCHED.has(String(name))) continue;
      // a page not fetched now is fetched when it is opened
      if (typeof page === 'function') (page as () => Promise<unknown>)().catch(() => undefined);
    }
  }, 1000);
});

// After an update of the box the files of an open page are gone; the new ones come with a fresh start, tried once.
router.onError((_error, to) => {
  const tried = sessionStorage.getItem('cordboard.restarted');
  if (tried === to.fullPath) return;
  sessionStorage.setItem('cordboard.restarted', to.fullPath);
  void box.health().then(
    () => window.location.assign(to.fullPath),
    () => sessionStorage.removeItem('cordboard.restarted'),
  );
});
router.afterEach((to, from, failure) => {
  if (failure) return;
  sessionStorage.removeItem('cordboard.restarted');
  // the keyboard begins on the new page, not where the link to it was
  if (from.name && to.path !== from.path) document.getElementById('page')?.focus({ preventScroll: true });
});
