import { PERMISSION_WORDS, type Permission, type Role } from '@cordboard/daemon/contract';
import { useI18n } from 'vue-i18n';
import { usePreferences } from '@/stores/preferences';

/** Roles and permissions by the words of this page's language. */
export function useAccessNames() {
  const { t, te } = useI18n();
  const preferences = usePreferences();

  /** Built-in roles have words; others have the name that somebody gave them. */
  function roleName(id: string, roles: readonly Pick<Role, 'id' | 'name'>[] = []): string {
    const key = `access.roles.${id}`;
    return te(key) ? t(key) : (roles.find((role) => role.id === id)?.name ?? id);
  }
  const permissionName = (permission: Permission): string =>
    PERMISSION_WORDS[permission][preferences.language === 'zh-CN' ? 'zh' : 'en'];

  return { roleName, permissionName };
}
