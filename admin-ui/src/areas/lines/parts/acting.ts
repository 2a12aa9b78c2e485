import { ElMessage } from 'element-plus';
import { useProblem } from '@/composables/problem';

/** Does a small thing at once; what the box says against it is shown in passing. Whether it went well. */
export function useActing(): (work: () => Promise<unknown>) => Promise<boolean> {
  const sentenceOf = useProblem();
  return async (work) => {
    try {
      await work();
      return true;
    } catch (error) {
      ElMessage.error({ message: sentenceOf(error), duration: 6000 });
      return false;
    }
  };
}
