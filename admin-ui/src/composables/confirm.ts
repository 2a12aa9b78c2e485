import 'element-plus/theme-chalk/el-message-box.css';
import 'element-plus/theme-chalk/el-overlay.css';
import { ElButton, ElMessage, ElMessageBox } from 'element-plus';
import { h } from 'vue';
import { translate } from '@/i18n';

/** Asks before something is done that cannot be taken back. `text`: names the thing and what will be. */
export async function confirmed(
  text: string,
  options: { title?: string; yes: string; danger?: boolean },
): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, options.title ?? '', {
      confirmButtonText: options.yes,
      cancelButtonText: translate('common.cancel'),
      confirmButtonType: options.danger ? 'danger' : 'primary',
      showClose: false,
    });
    return true;
  } catch {
    return false;
  }
}

/** `means`: what it means for callers and people, in a sentence. */
export function confirmRemoval(name: string, means?: string): Promise<boolean> {
  return confirmed(means ?? '', {
    title: translate('common.confirmRemove', { name }),
    yes: translate('common.remove'),
    danger: true,
  });
}

export function confirmLeaving(): Promise<boolean> {
  return confirmed(translate('common.leaveUnsaved'), { yes: translate('common.discard') });
}

/** Says what was done, with a way back for some seconds. */
export function doneWithUndo(text: string, undo: () => Promise<void> | void): void {
  const message = ElMessage({
    type: 'success',
    duration: 8000,
    message: h('span', [
      text,
      ' ',
      h(
        ElButton,
        {
          link: true,
          type: 'primary',
          onClick: () => {
            message.close();
            void undo();
          },
        },
        () => translate('common.undo'),
      ),
    ]),
  });
}

export function done(text: string): void {
  ElMessage({ type: 'success', message: text });
}
