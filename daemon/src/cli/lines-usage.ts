// Help for the commands that lay down telephones, trunks and routes.
import { backupUsage, tlsUsage } from './backup-usage.js';
import type { Language } from '../contract/index.js';
import { deskUsage } from './desk-usage.js';
import { phoneUsage } from './phone-usage.js';
import { voicemailUsage } from './voicemail-usage.js';

const common: Record<Language, string> = {
  en: `Of the box that runs on this machine. With every command:
  --json                             what came of it, for programs
  --home DIR                         the box's home; else CORDBOARD_HOME, else ~/.local/share/cordboard
`,
  'zh-CN': `作用于本机运行的设备。所有命令均可使用：
  --json                             以 JSON 输出结果，供程序使用
  --home 目录                        设备的主目录；默认为 CORDBOARD_HOME 或 ~/.local/share/cordboard
`,
};

const texts = {
  ...deskUsage,
  station: {
    en: `cordboard station
  add NUMBER --sip                   makes a SIP telephone (1000 and above) and shows its secret, this once
  set NUMBER                         changes it
      --name TEXT                    shown to those who are called
      --language zh-CN|en
      --tls | --no-tls               TLS and SRTP, or the telephone is refused
      --srtp none|offered|required
      --codecs pcma,pcmu,g722,opus   in the order in which they are preferred
      --dtmf auto|rfc4733|inband|info
      --digest sha256,md5            challenges, in this order
      --contacts N                   telephones that may register with the number
      --calls N                      calls at a time
      --calling-number NUMBER        shown to those outside
      --allow CLASS,… --deny CLASS,… internal, local, national, mobile, international, premium
      --enable | --disable
  list                               all of them, and where they are registered
  show NUMBER
  secret NUMBER                      makes a new secret and shows it
  remove NUMBER
`,
    'zh-CN': `cordboard station
  add 号码 --sip                     添加 SIP 话机（1000 及以上），其密钥仅显示一次
  set 号码                           修改
      --name 名称                    向被叫显示
      --language zh-CN|en
      --tls | --no-tls               必须使用 TLS 和 SRTP，否则拒绝
      --srtp none|offered|required
      --codecs pcma,pcmu,g722,opus   按优先顺序
      --dtmf auto|rfc4733|inband|info
      --digest sha256,md5            按此顺序发起摘要认证
      --contacts N                   可用此号码注册的话机数
      --calls N                      同时通话数
      --calling-number 号码          对外显示的号码
      --allow 类别,… --deny 类别,…   internal、local、national、mobile、international、premium
      --enable | --disable
  list                               列出全部话机及其注册地址
  show 号码
  secret 号码                        生成并显示新密钥
  remove 号码
`,
  },
  trunk: {
    en: `cordboard trunk
  add ID --e1 SPAN,…                 makes a trunk of E1, searched in this order
  add ID --fxo LINE,…                makes a trunk of analog lines; --hunt order|leastUsed, --dial-prefix 0w,
                                     --line-number NUMBER: called number of calls in
  add ID --host HOST[:PORT][/PRIORITY[/WEIGHT]],…
                                     makes a SIP trunk; an IPv6 address in brackets; the host of the lowest
                                     priority is called first, of several in proportion to their weights
  set ID                             changes it
      --name TEXT  --calls N  --enable | --disable
      --format dialled|e164|plus     how its carrier wants numbers
      --rules-out MATCH:STRIP:PREPEND,…  rewrite a number as dialled; the first that fits
      --rules-in MATCH:STRIP:PREPEND,…   rewrite the number called from outside
      --caller-rules MATCH:STRIP:PREPEND,…  … and the one of who calls; others as they are dialled here
      --caller-id pass|fixed|anonymous  --fixed-number NUMBER  --caller-id-header from|pai|rpid
      --diversion-header none|diversion|history|both   tells the carrier who has sent a call on
      --transport udp|tcp|tls  --mode register|address
      --user NAME  --secret TEXT | --secret-file FILE   (- reads standard input)
      --from-user NAME  --from-domain HOST  --expires SECONDS  --options SECONDS
      --codecs …  --dtmf …  --srtp …  as with a station
      --fingerprint SHA256           of a certificate that nobody has signed
      --sources ADDRESS,…            calls from here are this trunk's; networks too
      --refer | --no-refer           hand calls that are put through over it again to the carrier
  list
  show ID
  remove ID
`,
    'zh-CN': `cordboard trunk
  add 标识 --e1 编号,…               添加 E1 中继，按此顺序选线
  add 标识 --fxo 编号,…              添加模拟外线中继；--hunt order|leastUsed 选线方式，--dial-prefix 0w 拨号前缀，
                                     --line-number 号码：来电的被叫号码
  add 标识 --host 主机[:端口][/优先级[/权重]],…
                                     添加 SIP 中继；IPv6 地址用方括号；优先级数值最小的主机优先，
                                     相同时按权重分配
  set 标识                           修改
      --name 名称  --calls N  --enable | --disable
      --format dialled|e164|plus     运营商要求的号码格式
      --rules-out 模式:去位:加位,…   改写呼出号码；取第一条匹配的规则
      --rules-in 模式:去位:加位,…    改写呼入的被叫号码
      --caller-rules 模式:去位:加位,…  改写呼入的主叫号码；其余改为本地可回拨的形式
      --caller-id pass|fixed|anonymous  --fixed-number 号码  --caller-id-header from|pai|rpid
      --diversion-header none|diversion|history|both   向运营商告知前转方的方式
      --transport udp|tcp|tls  --mode register|address
      --user 名称  --secret 密钥 | --secret-file 文件   （- 表示标准输入）
      --from-user 名称  --from-domain 主机  --expires 秒  --options 秒
      --codecs …  --dtmf …  --srtp …  同话机
      --fingerprint SHA256           自签名证书的指纹
      --sources 地址,…               来自这些地址或网段的呼叫属于本中继
      --refer | --no-refer           经同一中继转出的呼叫是否交给运营商直接接续
  list
  show 标识
  remove 标识
`,
  },
  route: {
    en: `cordboard route
  add NUMBER --flow ID [--language zh-CN|en]
                                     who calls the number comes into the flow
      in place of --flow: --queue ID, --ring STATION, --busy
      only for: --from PATTERN, --list ID, --trunk ID, --open CALENDAR or --closed CALENDAR; [--priority N]
  add --out PATTERN --trunk ID,…     numbers that fit go out over these trunks, in this order
      [--name TEXT] [--priority N] [--strip N] [--prepend DIGITS] [--emergency]
      [--cost N] [--open CALENDAR | --closed CALENDAR]
                                     pattern: digits, X any, Z 1-9, N 2-9, [2-46], . at the end: one or more
  list                               both kinds
  try NUMBER [--from NUMBER] [--trunk ID] [--at TIME] | try NUMBER --station N [--show NUMBER]
                                     what would happen to a call, and why
  remove NUMBER | ID                 the number of a route in, or the id of either
`,
    'zh-CN': `cordboard route
  add 号码 --flow 流程 [--language zh-CN|en]
                                     拨打该号码的来电进入该流程
      代替 --flow：--queue 队列、--ring 话机、--busy
      仅限：--from 模式、--list 名单、--trunk 中继、--open 日历 或 --closed 日历；[--priority N]
  add --out 模式 --trunk 标识,…      符合模式的号码依次经这些中继呼出
      [--name 名称] [--priority N] [--strip N] [--prepend 数字] [--emergency]
      [--cost N] [--open 日历 | --closed 日历]
                                     模式：数字、X 任意、Z 1-9、N 2-9、[2-46]，末尾 . 表示一位或多位
  list                               列出呼入和呼出路由
  try 号码 [--from 号码] [--trunk 中继] [--at 时间] | try 号码 --station N [--show 号码]
                                     呼叫会怎样处理及原因
  remove 号码 | 标识                 呼入路由的号码，或任一路由的标识
`,
  },
  group: {
    en: `cordboard group
  add NUMBER --stations N,…          makes a number (1000 and above) that rings these telephones
  set NUMBER                         changes it
      --name TEXT  --stations N,…
      --strategy all|sequence        together, or one after the other
      --ring SECONDS                 how long: all together, or each in its turn
                                     *8 at one of them takes what rings at another (setting pickUpCode)
  list
  remove NUMBER
`,
    'zh-CN': `cordboard group
  add 号码 --stations N,…            添加振铃组号码（1000 及以上）
  set 号码                           修改
      --name 名称  --stations N,…
      --strategy all|sequence        同时振铃，或依次振铃
      --ring 秒                      振铃时长：同时或每部
                                     组内话机拨 *8 可代接组内其他话机的来电（设置项 pickUpCode）
  list
  remove 号码
`,
  },
  conference: {
    en: `cordboard conference
  add ID                             makes a conference room
  set ID                             changes it
      --number NUMBER                that is dialled to come in
      --name TEXT  --language zh-CN|en  --parties N (2 to 200)
      --pin DIGITS|none  --moderator-pin DIGITS|none
      --record always|onDemand|never  --announce none|tone|name
      --wait | --no-wait             music until a moderator is there
      --end-with-moderator | --go-on-without
      --mute-on-entry | --no-mute-on-entry
      --moderators AGENT,…           who moderate from their page and telephone
      --dial-out-station STATION     with whose rights numbers are called from the room
  list
  show ID
  parties ID                         who is in it
  action ID ACTION                   lock, unlock, muteAll, unmuteAll, startRecording, stopRecording, end
  party ID PARTY ACTION              mute, unmute, deafen, undeafen, remove, or how many dB louder
  invite ID NUMBER [--station STATION]
  recordings ID
  remove ID
`,
    'zh-CN': `cordboard conference
  add 标识                           添加会议室
  set 标识                           修改
      --number 号码                  拨入号码
      --name 名称  --language zh-CN|en  --parties N（2 至 200）
      --pin 密码|none  --moderator-pin 密码|none
      --record always|onDemand|never  --announce none|tone|name
      --wait | --no-wait             主持人到达前播放音乐
      --end-with-moderator | --go-on-without   主持人离开后结束或继续
      --mute-on-entry | --no-mute-on-entry     入会时静音
      --moderators 坐席,…            可通过页面和话机主持的坐席
      --dial-out-station 话机        外呼邀请所用的话机权限
  list
  show 标识
  parties 标识                       列出与会者
  action 标识 操作                   lock、unlock、muteAll、unmuteAll、startRecording、stopRecording、end
  party 标识 与会者 操作             mute、unmute、deafen、undeafen、remove，或增益 dB 数
  invite 标识 号码 [--station 话机]
  recordings 标识
  remove 标识
`,
  },
  queue: {
    en: `cordboard queue
  add ID                             makes a queue
  set ID                             changes it
      --name TEXT
      --strategy S                   longest_idle, round_robin, fewest_calls, least_talk, skill_level, ring_all, linear,
                                     random, weighted
      --ring S                       seconds that an agent is rung
      --wrap-up S|manual             seconds for the paperwork, or until the agent says that he is ready
      --max-wait S                   a caller who waited longer overflows
      --max-length N                 calls that may wait; 0: any number
      --service-level S              answered within it is in time
      --short-abandon S              who hangs up sooner is not counted
      --music PROMPT
      --settings FILE                JSON with any of these and routing, overflow, noAnswer, announcements, exits
  list
  show ID
  members ID [AGENT:PENALTY:WEIGHT,…]
                                     who is in it, in the order of their places; with a list: who is from now on
  skills AGENT [SKILL:LEVEL,…]       what an agent can (1 to 10); with a list: what he can from now on
  remove ID
`,
    'zh-CN': `cordboard queue
  add 标识                           添加队列
  set 标识                           修改
      --name 名称
      --strategy 策略                longest_idle、round_robin、fewest_calls、least_talk、skill_level、ring_all、linear、
                                     random、weighted
      --ring 秒                      坐席振铃时长
      --wrap-up 秒|manual            话后处理时长；manual：直到坐席自行就绪
      --max-wait 秒                  等待超过此时长即溢出
      --max-length N                 最大排队数；0 为不限
      --service-level 秒             在此时长内接听为及时
      --short-abandon 秒             更早挂断的不计入呼入量
      --music 提示音
      --settings 文件                JSON，可含以上各项及 routing、overflow、noAnswer、announcements、exits
  list
  show 标识
  members 标识 [坐席:惩罚:权重,…]    按位置列出成员；给出列表则替换
  skills 坐席 [技能:级别,…]          坐席技能（1 至 10 级）；给出列表则替换
  remove 标识
`,
  },
  callback: {
    en: `cordboard callback
  list [--queue ID] [--all]          who is to be called back; --all: and who was
  add QUEUE NUMBER [--at TIME]       has somebody called back, at a time such as 2026-11-23T15:00
  cancel ID
  rule QUEUE                         how the queue takes callbacks
  rule QUEUE on | off                takes them from now on, or no more
      --first agent|customer         who is rung first
      --tries N                      so often is the customer called
      --most N                       so many may be open
      --calendar ID|-                customers are called while it is open
      --expires S                    seconds after which one is given up
      --abandoned S|-                who hangs up after so long a wait is called back
      --confirm yes|no               the number is said, and is to be confirmed
`,
    'zh-CN': `cordboard callback
  list [--queue 队列] [--all]        列出待回拨；--all 含已结束的
  add 队列 号码 [--at 时间]          添加回拨，时间如 2026-11-23T15:00
  cancel 标识
  rule 队列                          查看队列的回拨规则
  rule 队列 on | off                 开始或停止接受回拨
      --first agent|customer         先呼坐席或先呼客户
      --tries N                      最多呼叫客户次数
      --most N                       未完成回拨的上限
      --calendar 日历|-              仅在日历营业时间内呼叫客户
      --expires 秒                   超过此时长则放弃
      --abandoned 秒|-               等待超过此时长后挂机的客户自动回拨
      --confirm yes|no               是否播报号码并要求确认
`,
  },
  survey: {
    en: `cordboard survey
  add ID --settings FILE             makes a survey; FILE: JSON with questions, invitation, invalid, thanks
  set ID                             changes it
      --name TEXT  --settings FILE
      --retries N                    how often a question is asked again
      --timeout S                    seconds for a key
      --enable | --disable
  list | show ID | remove ID
  ask ID                             makes a rule: who is asked when his agent has hung up
      --name TEXT
      --queue ID                     of this queue alone
      --direction in|out
      --percentage N                 of the calls that fit
      --not-again DAYS               not the same number within so many days
      --min-talk S                   nobody after shorter talks
  rules | drop RULE                  the rules; removes one
  figures [--by survey|agent|queue|day]
                                     answered / asked, response rate, mean score, share of the two best scores
`,
    'zh-CN': `cordboard survey
  add 标识 --settings 文件           添加满意度调查；文件为 JSON：questions、invitation、invalid、thanks
  set 标识                           修改
      --name 名称  --settings 文件
      --retries N                    问题重复次数
      --timeout 秒                   等待按键的时长
      --enable | --disable
  list | show 标识 | remove 标识
  ask 标识                           添加规则：坐席挂机后调查哪些来电者
      --name 名称
      --queue 标识                   仅此队列
      --direction in|out
      --percentage N                 符合条件的呼叫中的百分比
      --not-again 天                 此天数内不再调查同一号码
      --min-talk 秒                  通话短于此时长则不调查
  rules | drop 规则                  列出规则；删除规则
  figures [--by survey|agent|queue|day]
                                     已答/已邀、应答率、平均分、最高两档占比
`,
  },
  flow: {
    en: `cordboard flow
  list                               what is live, and drafts
  show ID [--draft | --version N]    the definition, as put takes it
  validate FILE.json [--id ID]       what keeps it from going live (exit code 1)
  put ID FILE.json [--name TEXT]     keeps it as the draft: nobody comes to it
  live ID [--note TEXT]              lets the draft live; who is inside stays in the version that he came into
  versions ID                        everything that was live
  rollback ID VERSION [--note TEXT]  back to a version, which becomes the newest
  callers ID                         who is in it now, and at which node
  test ID [--live] [--node N] [--from NUMBER] [--digits KEYS] [--hang-up-after SECONDS]
                                     the simulator calls into the draft, or what is live
  test ID --keys KEYS,KEYS,…         nobody is called: what the flow would do with these answers
`,
    'zh-CN': `cordboard flow
  list                               列出已上线的流程和草稿
  show 标识 [--draft | --version N]  显示定义，可供 put 使用
  validate 文件.json [--id 标识]     检查能否上线（不能时退出码 1）
  put 标识 文件.json [--name 名称]   保存为草稿；来电不会进入草稿
  live 标识 [--note 说明]            草稿上线；已在流程中的来电继续使用原版本
  versions 标识                      列出所有上线过的版本
  rollback 标识 版本 [--note 说明]   回退到该版本，成为最新版本
  callers 标识                       列出当前在流程中的来电及所在节点
  test 标识 [--live] [--node 节点] [--from 号码] [--digits 按键] [--hang-up-after 秒]
                                     模拟器呼入草稿或已上线版本
  test 标识 --keys 按键,按键,…       不发起呼叫，仅推演流程如何应答这些按键
`,
  },
  backup: backupUsage,
  tls: tlsUsage,
  ban: {
    en: `cordboard ban
  list                               addresses that SIP does not listen to
  add ADDRESS [--hours N] [--reason TEXT]
  lift ADDRESS
`,
    'zh-CN': `cordboard ban
  list                               列出被 SIP 封禁的地址
  add 地址 [--hours N] [--reason 原因]
  lift 地址
`,
  },
  calendar: {
    en: `cordboard calendar
  add ID [--name TEXT] [--hours 09:00-12:00,13:00-18:00]
                                     Monday to Friday; other hours by the page or the API
  list                               all of them, and whether they are open
  show ID
  open ID | close ID [--until TIME] [--reason TEXT]
                                     now, whatever the hours say
  clear ID                           the hours decide again
  import ID FILE.ics|FILE.csv [--apply] [--replace]
                                     special days; without --apply a preview
  remove ID
`,
    'zh-CN': `cordboard calendar
  add 标识 [--name 名称] [--hours 09:00-12:00,13:00-18:00]
                                     周一至周五；其他时段请在页面或 API 中设置
  list                               列出全部日历及当前状态
  show 标识
  open 标识 | close 标识 [--until 时间] [--reason 原因]
                                     立即开放或关闭
  clear 标识                         恢复按时段判断
  import 标识 文件.ics|文件.csv [--apply] [--replace]
                                     导入特殊日；不加 --apply 仅预览
  remove 标识
`,
  },
  list: {
    en: `cordboard list
  add ID --kind black|white|vip [--name TEXT] [--priority 0-9]
  list
  put ID NUMBER | PATTERN [--reason TEXT] [--until TIME] [--level 1-5] [--agent NUMBER]
  import ID FILE.csv [--apply]       columns number, reason, expires, level, agent; without --apply a preview
  export ID                          as CSV
  remove ID
`,
    'zh-CN': `cordboard list
  add 标识 --kind black|white|vip [--name 名称] [--priority 0-9]
  list
  put 标识 号码 | 模式 [--reason 原因] [--until 时间] [--level 1-5] [--agent 坐席]
  import 标识 文件.csv [--apply]     列：号码、原因、到期、级别、坐席；不加 --apply 仅预览
  export 标识                        导出 CSV
  remove 标识
`,
  },
  number: {
    en: `cordboard number
  show NUMBER                        form, region and carrier
`,
    'zh-CN': `cordboard number
  show 号码                          格式、归属地和运营商
`,
  },
  recording: {
    en: `cordboard recording
  verify                             checks every recording at rest; names what was changed, is missing or was added (exit code 1)
  retain                             removes what the rules no longer keep
      --dry-run                      only says what that would be
  keys                               the keys that recordings are encrypted with
  rotate                             encrypts with a new key from now on, and wraps what there is with it
`,
    'zh-CN': `cordboard recording
  verify                             检查所有已存录音；列出被改动、缺失或多出的文件（退出码 1）
  retain                             按规则删除不再保留的录音
      --dry-run                      仅列出将被删除的录音
  keys                               列出录音加密密钥
  rotate                             启用新密钥，并用其重新封装现有录音
`,
  },
  music: {
    en: `cordboard music
  add ID [--name TEXT] [--shuffle]   makes a playlist of your own
  list                               * is heard on hold, and in queues that name none
  put ID FILE                        takes a piece in any common audio format
  remove ID [PIECE]
`,
    'zh-CN': `cordboard music
  add 标识 [--name 名称] [--shuffle] 新建播放列表
  list                               * 为保持及未指定音乐的队列所用
  put 标识 文件                      添加一首，支持常见音频格式
  remove 标识 [曲目]
`,
  },
  voicemail: voicemailUsage,
  ...phoneUsage,
} as const satisfies Record<string, Record<Language, string>>;

export type LinesCommand = keyof typeof texts;
export const LINES_COMMANDS = Object.keys(texts) as LinesCommand[];

export function linesUsage(command: LinesCommand, language: Language): string {
  return `${texts[command][language]}\n${common[language]}`;
}
