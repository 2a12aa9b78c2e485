import { bilingual } from '../bilingual';

export const states = bilingual(
  {
    agent: {
      signedOut: '未签入',
      ready: '空闲',
      ringing: '振铃',
      talking: '通话',
      holding: '保持',
      wrapUp: '话后',
      notReady: '小休',
    },
    call: {
      arriving: '接入',
      inFlow: '自助',
      queued: '排队',
      offering: '振铃',
      dialling: '呼叫中',
      parked: '驻留中',
      talking: '通话',
      released: '结束',
    },
    reasonCode: '原因 {code}',
    reasons: {
      no_answer: '无人接听',
      station_failed: '话机故障',
      station_lost: '话机断开',
      forced: '由班长设置',
      restart: '服务重启',
      other: '其他原因',
    },
  },
  {
    agent: {
      signedOut: 'Signed out',
      ready: 'Ready',
      ringing: 'Ringing',
      talking: 'Talking',
      holding: 'Holding',
      wrapUp: 'Wrap-up',
      notReady: 'Not ready',
    },
    call: {
      arriving: 'Arriving',
      inFlow: 'In menu',
      queued: 'Waiting',
      offering: 'Ringing',
      dialling: 'Dialling',
      parked: 'Parked',
      talking: 'Talking',
      released: 'Ended',
    },
    reasonCode: 'Reason {code}',
    reasons: {
      no_answer: 'No answer',
      station_failed: 'Telephone at fault',
      station_lost: 'Telephone lost',
      forced: 'Set by the supervisor',
      restart: 'Restart',
      other: 'Other reason',
    },
  },
);
