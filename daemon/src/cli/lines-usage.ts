// Help for the commands that lay down telephones, trunks and routes.
import type { Language } from '../contract/index.js';
import { deskUsage } from './desk-usage.js';

export const LINES_COMMANDS = [
  ...(['station', 'trunk', 'route', 'group', 'queue', 'ban', 'calendar', 'list', 'number', 'recording'] as const),
  ...(['reason', 'disposition', 'agent'] as const),
] as const;
export type LinesCommand = (typeof LINES_COMMANDS)[number];

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

const texts: Record<LinesCommand, Record<Language, string>> = {
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
};

export function linesUsage(command: LinesCommand, language: Language): string {
  return `${texts[command][language]}\n${common[language]}`;
}
