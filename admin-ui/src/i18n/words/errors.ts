import { bilingual } from '../bilingual';

export const errors = bilingual(
  {
    unreachable: '连不上设备，操作可能没有完成。如果只是网络中断，通话不受影响；请稍后再试。',
    unexpected: '设备的回答无法识别（{status}），操作可能没有完成。请刷新页面再试；若反复出现，请查看设备日志。',
    unknown: '页面出错，操作没有完成。请刷新页面再试。',
    again: '重试',
  },
  {
    unreachable:
      'The box cannot be reached; what you asked for may not have been done. If only the network is down, calls go on. Try again in a moment.',
    unexpected:
      'The box gave an answer that makes no sense ({status}); it may not have done what you asked. Reload the page and try again. If it keeps happening, look at the log of the box.',
    unknown: 'Something went wrong in this page and nothing was done. Reload it and try again.',
    again: 'Try again',
  },
);
