import { useI18n } from 'vue-i18n';
import { RefusedError, UnexpectedAnswerError, UnreachableError } from '@/api/errors';

/** Turns whatever went wrong into a sentence for the person at the page. */
export function useProblem(): (error: unknown) => string {
  const { t } = useI18n();
  return (error) => {
    if (error instanceof RefusedError) return error.message;
    if (error instanceof UnreachableError) return t('errors.unreachable');
    if (error instanceof UnexpectedAnswerError) return t('errors.unexpected', { status: error.status });
    console.error(error);
    return t('errors.unknown');
  };
}
