import type { Permission } from '@cordboard/daemon/contract';
import type { Component } from 'vue';
import type { RouteRecordRaw } from 'vue-router';
import type { Bilingual, Texts } from '@/i18n/bilingual';

/** Where a page stands in the side menu of the administration. */
export type MenuGroup = 'lines' | 'service' | 'people' | 'records' | 'system';

export interface AreaPage {
  /** unique; also the last part of the key of its title: `titles.<name>` */
  name: string;
  path: string;
  /** fetched when it is opened */
  page: () => Promise<{ default: Component }>;
  /** who may open it, one of these where there are several; left out: everybody who has signed in */
  needs?: Permission | readonly Permission[];
  /** in the bar at the top, in this order */
  bar?: number;
  /** in the side menu; the lower stands higher */
  menu?: { group: MenuGroup; order: number };
  /** opened from this one, which stays marked in the menu */
  under?: string;
  /** properties from the path */
  props?: boolean;
  /** without bar and menu, for a screen on the wall */
  bare?: boolean;
}

/**
 * A part of the pages that stands alone: its routes, the titles of its pages (always loaded) and, with each page, what
 * the page needs. It imports no other area.
 */
export interface Area<T extends Texts = Texts> {
  pages: readonly AreaPage[];
  /** by the names of the pages */
  titles: Bilingual<T>;
}

export function defineArea<T extends Texts>(area: Area<T>): Area<T> {
  return area;
}

export function toRoute(page: AreaPage): RouteRecordRaw {
  return {
    path: page.path,
    name: page.name,
    component: page.page,
    props: page.props ?? false,
    meta: {
      title: `titles.${page.name}`,
      needs: page.needs,
      menu: page.menu !== undefined || page.under !== undefined,
      place: page.under ?? page.name,
      bare: page.bare,
    },
  };
}
