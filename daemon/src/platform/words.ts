// Words of the trade that stand inside a sentence, in both languages: states, roles, the engine's kinds of refusal.
// Sentences themselves are in messages.ts.

export type Words = { readonly en: string; readonly zh: string };

const words: Readonly<Record<string, Words>> = {
  // agents
  signedOut: { en: 'signed out', zh: '未签入' },
  ready: { en: 'ready', zh: '空闲' },
  ringing: { en: 'ringing', zh: '振铃' },
  talking: { en: 'talking', zh: '通话' },
  wrapUp: { en: 'in wrap-up', zh: '话后' },
  notReady: { en: 'not ready', zh: '小休' },
  // roles
  admin: { en: 'administrator', zh: '管理员' },
  supervisor: { en: 'supervisor', zh: '班长' },
  agent: { en: 'agent', zh: '坐席' },
  // why the engine refuses
  invalid: { en: 'it was asked for in the wrong way', zh: '请求有误' },
  not_found: { en: 'it is not there any more', zh: '已不存在' },
  wrong_state: { en: 'its state does not allow it', zh: '当前状态不允许' },
  busy: { en: 'it is in use', zh: '正在使用' },
  bad_file: { en: 'the audio file cannot be read', zh: '音频文件无法读取' },
  io: { en: 'the system refused', zh: '系统拒绝' },
  unavailable: { en: 'the line is down', zh: '线路中断' },
  closed: { en: 'the engine is stopping', zh: '引擎正在停止' },
};

/** The word for a state, a role or a refusal; what has none stands for itself. */
export function word(of: string): Words {
  return words[of] ?? { en: of, zh: of };
}

/** Several of them in a row. */
export function wordList(of: readonly string[]): Words {
  const all = of.map(word);
  return { en: all.map(({ en }) => en).join(', '), zh: all.map(({ zh }) => zh).join('、') };
}
