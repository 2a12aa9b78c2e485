import { ref, type Ref } from 'vue';

/** One piece of work at a time that a person has asked for: whether it runs, and what went wrong. */
export function useSaving(): {
  saving: Ref<boolean>;
  problem: Ref<unknown>;
  /** Does `work` unless some runs already; whether it went well. */
  save: (work: () => Promise<unknown>) => Promise<boolean>;
} {
  const saving = ref(false);
  const problem = ref<unknown>(null);

  async function save(work: () => Promise<unknown>): Promise<boolean> {
    if (saving.value) return false;
    saving.value = true;
    problem.value = null;
    try {
      await work();
      return true;
    } catch (error) {
      problem.value = error;
      return false;
    } finally {
      saving.value = false;
    }
  }

  return { saving, problem, save };
}
