import type { Permission } from '@cordboard/daemon/contract';
import { pages } from './index';
import type { AreaPage, MenuGroup } from './area';

export const GROUPS: readonly MenuGroup[] = ['lines', 'service', 'people', 'records', 'system'];

type MenuPage = AreaPage & { menu: NonNullable<AreaPage['menu']> };

const inMenu = (page: AreaPage): page is MenuPage => page.menu !== undefined;

const sorted = pages
  .filter(inMenu)
  .sort((a, b) => GROUPS.indexOf(a.menu.group) - GROUPS.indexOf(b.menu.group) || a.menu.order - b.menu.order);

/** The pages of the side menu that somebody may see, in the order in which they stand there. */
export function menuPages(may: (needs: Permission | readonly Permission[]) => boolean): MenuPage[] {
  return sorted.filter(({ needs }) => needs === undefined || may(needs));
}
