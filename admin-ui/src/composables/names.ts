import type { Agent, Call, CallPhase } from '@cordboard/daemon/contract';
import { useI18n } from 'vue-i18n';
import type { Mark } from '@/components/StateMark.vue';
import { useLive } from '@/stores/live';

/** How things are called on every page: people by name, codes by words. */
export function useNames() {
  const { t, te } = useI18n();
  const live = useLive();

  /** With his number, unless the name says it already. */
  const agentLabel = ({ id, name }: Agent): string => (name.includes(id) ? name : `${name} ${id}`);
  const agentName = (id: string): string => live.agents.get(id)?.name ?? live.colleagues.get(id)?.name ?? id;
  const queueName = (id: string): string => live.queues.get(id)?.name ?? live.queueSettings.get(id)?.name ?? id;
  const lineName = (span: number): string => live.spans.get(span)?.name ?? `E1-${span}`;

  /** Why an agent is not ready, as far as it is known. */
  function reasonText(reason: string | null): string {
    if (!reason) return '';
    if (/^\d+$/.test(reason)) return t('states.reasonCode', { code: reason });
    const key = `states.reasons.${reason}`;
    return te(key) ? t(key) : t('states.reasons.other');
  }

  const phaseText = (phase: CallPhase): string => t(`states.call.${phase}`);

  function causeText(cause: number): string {
    const key = `calls.cause.${cause}`;
    return te(key) ? t(key) : t('calls.cause.other', { cause });
  }

  /** What became of a call, in two or three words. */
  function resultText(call: Call): string {
    if (call.state === 'live') return t('calls.result.live');
    if (call.state === 'broken') return t('calls.result.broken');
    if (call.releasedBy === 'fault') return t('calls.result.fault');
    if (call.agentId) return t('calls.result.answered');
    // what was dialled is answered by somebody or by nobody; what a flow answers is another matter
    if (!call.flowId && call.answeredAt) return t('calls.result.answered');
    if (!call.answeredAt) return t(call.direction === 'in' ? 'calls.result.refused' : 'calls.result.notAnswered');
    if (call.queueId)
      return t(call.releasedBy === 'caller' ? 'calls.result.abandonedQueue' : 'calls.result.notAnswered');
    return t(call.releasedBy === 'caller' ? 'calls.result.abandonedFlow' : 'calls.result.served');
  }

  return { agentLabel, agentName, queueName, lineName, reasonText, phaseText, causeText, resultText };
}

const phaseMarks: Record<CallPhase, Mark> = {
  arriving: 'inFlow',
  inFlow: 'inFlow',
  queued: 'ringing',
  offering: 'ringing',
  dialling: 'ringing',
  parked: 'ringing',
  talking: 'talking',
  released: 'signedOut',
};

export const phaseMark = (phase: CallPhase): Mark => phaseMarks[phase];

export const agentMark = (agent: Agent): Mark => agent.state;
