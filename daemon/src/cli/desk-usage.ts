// Help for the commands of agents' desks; a part of lines-usage.ts.
export const deskUsage = {
  reason: {
    en: `cordboard reason
  add CODE                           why an agent may be not ready; dialled as *14CODE#
      --zh TEXT --en TEXT            its names
      --unpaid
      --minutes N                    longer, and he is shown as overdue
  list
  remove CODE
`,
    'zh-CN': `cordboard reason
  add 代码                           小休原因；话机拨 *14代码#
      --zh 名称 --en 名称            中英文名称
      --unpaid                       不计薪
      --minutes 分钟                 超过后显示为超时
  list                               列出
  remove 代码                        删除
`,
  },
  disposition: {
    en: `cordboard disposition
  add NAME                           what a call can come to
      --zh TEXT --en TEXT            its names
      --under NAME                   the one that it stands under
      --queue NAME                   for calls of this queue alone
      --note                         it wants a note
  list
  remove NAME
`,
    'zh-CN': `cordboard disposition
  add 标识                           呼叫的处理结果
      --zh 名称 --en 名称            中英文名称
      --under 标识                   上级结果
      --queue 队列                   仅用于该队列的呼叫
      --note                         必须填写备注
  list                               列出
  remove 标识                        删除
`,
  },
  agent: {
    en: `cordboard agent
  state [AGENT]                      states of now
  force AGENT ready|notReady|signedOut [REASON]    of one in a call, after the call
`,
    'zh-CN': `cordboard agent
  state [工号]                       当前状态
  force 工号 ready|notReady|signedOut [原因]       通话中的坐席在通话结束后生效
`,
  },
} as const;
