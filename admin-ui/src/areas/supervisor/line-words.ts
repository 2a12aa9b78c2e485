import type { LineQuality, LineWay } from '@cordboard/daemon/contract';
import { useI18n } from 'vue-i18n';

/** What is wrong with a line, in a word for its seat, and in full. */
export function useLineWords() {
  const { t, n } = useI18n();

  const percent = (share: number): string => n(share, { style: 'percent', maximumFractionDigits: 1 });
  const mos = (value: number): string => n(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const worse = ({ says, hears }: LineQuality): LineWay | null =>
    [says, hears].reduce((one, other) => (one === null || (other !== null && other.mos < one.mos) ? other : one));

  /** The figure that says most: how much is lost, or else how it sounds. */
  function short(line: LineQuality): string {
    if (line.silent) return t('supervisor.line.silent');
    const way = worse(line);
    if (way === null) return t(`supervisor.line.word.${line.word}`);
    if (way.lossShare >= 0.01)
      return t('supervisor.line.lost', { share: n(way.lossShare, { style: 'percent', maximumFractionDigits: 0 }) });
    return t('supervisor.line.mos', { mos: mos(way.mos) });
  }

  const words = (line: LineQuality): string =>
    line.silent ? t('supervisor.line.nothingComes') : t(`supervisor.line.word.${line.word}`);
  const wayText = (kind: 'says' | 'hears', way: LineWay): string =>
    t(`supervisor.line.${kind}`, {
      lost: percent(way.lossShare),
      jitter: n(way.jitterMs),
      mos: mos(way.mos),
    });
  const trip = ({ roundTripMs }: LineQuality): string =>
    roundTripMs === null ? '–' : t('calls.quality.ms', { ms: n(roundTripMs) });

  function sentence(line: LineQuality): string {
    const parts = [words(line)];
    if (line.says !== null) parts.push(wayText('says', line.says));
    if (line.hears !== null) parts.push(wayText('hears', line.hears));
    if (line.roundTripMs !== null) parts.push(t('supervisor.line.trip', { trip: trip(line) }));
    return parts.join('\n');
  }

  return { short, words, sentence, percent, mos, trip };
}
