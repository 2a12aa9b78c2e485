// Help for `cordboard voicemail`.
import type { Language } from '../contract/index.js';

export const voicemailUsage: Record<Language, string> = {
  en: `cordboard voicemail
  add ID                             makes a box for voice messages
  set ID                             changes it; - takes a value away
      --name TEXT  --kind agent|group|queue|number  --language zh-CN|en
      --number NUMBER                is dialled to reach it
      --agents NUMBER,…  --queue ID  who may listen
      --stations NUMBER,…            whose lamps are lit
      --pin DIGITS                   4 to 10 digits, to listen from any telephone
      --messages N  --longest-message SECONDS  --keep-days N
      --email ADDRESS                is told of messages, with the audio
      --answers | --no-answers       takes calls that its telephones do not
      --notify NUMBER                is called for a new message
      --notify-calendar ID  --notify-tries N  --notify-pause SECONDS
  list
  show ID
  messages ID
  remove ID                          with its messages
  record PROMPT [--language zh-CN|en] [--station NUMBER]
                                     records a prompt by telephone: a code to dial, or the telephone rings
`,
  'zh-CN': `cordboard voicemail
  add 标识                           添加语音信箱
  set 标识                           修改；- 表示清除该项
      --name 名称  --kind agent|group|queue|number  --language zh-CN|en
      --number 号码                  拨打此号码进入信箱
      --agents 坐席,…  --queue 标识  可收听者
      --stations 话机,…              点亮哪些话机的留言灯
      --pin 密码                     4 至 10 位数字，供任意话机收听
      --messages 条数  --longest-message 秒  --keep-days 天数
      --email 地址                   通知新留言并附录音
      --answers | --no-answers       话机无人接听时由信箱接听
      --notify 号码                  有新留言时呼叫此号码
      --notify-calendar 标识  --notify-tries 次数  --notify-pause 秒
  list
  show 标识
  messages 标识
  remove 标识                        连同留言一并删除
  record 提示音 [--language zh-CN|en] [--station 话机]
                                     用电话录制提示音：拨打代码，或由话机振铃
`,
};
