import { bilingual } from '../bilingual';

export const shell = bilingual(
  {
    floor: '现场',
    calls: '通话',
    simulator: '模拟器',
    main: '主导航',
    signOut: '退出登录',
    language: '语言',
    theme: '外观',
    themes: { system: '跟随系统', light: '浅色', dark: '深色' },
    lost: '与设备的连接已断开，画面停在 {at}。如果只是网络中断，通话不受影响。正在重新连接…',
    neverConnected: '连不上设备。请确认设备已开机、网线已接好；接通后本页会自动恢复。',
    notFound: '没有这个页面',
    notFoundHint: '地址可能输错了，或者这一页已经搬走。',
    toFloor: '回到现场',
    skip: '跳到正文',
  },
  {
    floor: 'Floor',
    calls: 'Calls',
    simulator: 'Simulator',
    main: 'Main',
    signOut: 'Sign out',
    language: 'Language',
    theme: 'Appearance',
    themes: { system: 'Like the system', light: 'Light', dark: 'Dark' },
    lost: 'The connection to the box is lost; this is how things were at {at}. If only the network is down, calls go on. Connecting again…',
    neverConnected:
      'The box cannot be reached. Check that it is switched on and its network cable is in; this page carries on by itself.',
    notFound: 'There is no such page',
    notFoundHint: 'The address may be mistyped, or the page has moved.',
    toFloor: 'Back to the floor',
    skip: 'Skip to the page',
  },
);
