// What zod found wrong with a body, a query, a flow or the settings, said in sentences of both languages. Whoever has a
// zod schema uses `check`; nobody shows zod's own texts.
import type { z } from 'zod';
import type { ErrorDetail, Format, Language } from '../contract/index.js';
import { nearest } from './nearest.js';

type Text = { readonly en: string; readonly zh: string };
type Issue = z.core.$ZodIssue;

export type Checked<T> = { ok: true; value: T } | { ok: false; problems: (language: Language) => ErrorDetail[] };

/** Checks `value`; problems name their path from the root (`nodes.welcome.next`; empty for the whole). */
export function check<S extends z.ZodType>(schema: S, value: unknown): Checked<z.output<S>> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const { issues } = result.error;
  return { ok: false, problems: (language) => issues.flatMap((issue) => describe(issue, schema, language)) };
}

/** As one line: `http.port: must be 65535 at most; http: …`. */
export function problemLine(problems: readonly ErrorDetail[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' ');
}

const FORMATS: Record<Format, Text> = {
  'format:ulid': { en: 'must be an id of 26 characters.', zh: '必须是 26 个字符的标识。' },
  'format:slug': {
    en: 'must be lower-case letters, digits and hyphens, 40 at most, and neither begin nor end with a hyphen.',
    zh: '只能包含小写字母、数字和连字符，最多 40 个字符，且不能以连字符开头或结尾。',
  },
  'format:agentNumber': { en: 'must be 1 to 8 digits.', zh: '必须是 1 到 8 位数字。' },
  'format:phoneNumber': {
    en: 'must be 1 to 24 digits and nothing else.',
    zh: '必须是 1 到 24 位数字，不能有其他字符。',
  },
  'format:dialDigits': {
    en: 'must be keys of a telephone (0-9, *, #, A-D) or commas for pauses, 64 at most.',
    zh: '必须是电话按键（0-9、*、#、A-D）或表示停顿的逗号，最多 64 个。',
  },
  'format:clipName': {
    en: 'must be the name of a prompt: lower-case letters, digits, hyphens and underscores, no folder, no ending.',
    zh: '必须是提示音名称：小写字母、数字、连字符和下划线，不含目录和扩展名。',
  },
  'format:displayName': { en: 'must not have control characters.', zh: '不能包含控制字符。' },
  'format:username': {
    en: 'must begin with a letter or digit and have letters, digits and . _ @ - only, 64 at most.',
    zh: '必须以字母或数字开头，只能包含字母、数字和 . _ @ -，最多 64 个字符。',
  },
  'format:nodeName': {
    en: 'must be the name of a node: a letter, then letters, digits, hyphens and underscores.',
    zh: '必须是节点名称：以字母开头，只含字母、数字、连字符和下划线。',
  },
  'format:flowDigit': { en: 'must be one key: 0-9, * or #.', zh: '必须是一个按键：0-9、* 或 #。' },
  'format:variableName': {
    en: 'must be a letter, then letters, digits and underscores, 40 at most.',
    zh: '必须以字母开头，只含字母、数字和下划线，最多 40 个字符。',
  },
  'format:speedDialSlot': { en: 'must be two digits, 00 to 99.', zh: '必须是两位数字，00 到 99。' },
  'format:agentPin': {
    en: 'must be 4 to 8 digits, the first two not 11.',
    zh: '必须是 4 到 8 位数字，且前两位不能是 11。',
  },
  'format:agentReason': {
    en: 'must be lower-case letters, digits and underscores, 32 at most.',
    zh: '只能包含小写字母、数字和下划线，最多 32 个字符。',
  },
  'format:interfaceAddress': {
    en: 'must be an address with the length of its prefix, such as 192.168.1.10/24.',
    zh: '必须是带前缀长度的地址，例如 192.168.1.10/24。',
  },
  'format:interfaceMissing': {
    en: 'is needed: a fixed address with the length of its prefix, such as 192.168.1.10/24.',
    zh: '必须填写：固定地址要带前缀长度，例如 192.168.1.10/24。',
  },
  'format:gatewayOutside': {
    en: 'must be another address of the same network.',
    zh: '必须是同一网段内的另一个地址。',
  },
  'format:hostLabel': {
    en: 'must be small letters, digits and hyphens, 63 at most, and neither begin nor end with a hyphen.',
    zh: '只能包含小写字母、数字和连字符，最多 63 个字符，且不能以连字符开头或结尾。',
  },
  'format:hostName': { en: 'must be a host name or an address.', zh: '必须是主机名或地址。' },
  'format:pickUpCode': {
    en: 'must be * and up to three digits that do not begin with 1, such as *8; empty: none.',
    zh: '必须是 * 加最多三位数字且不以 1 开头，例如 *8；留空则不启用。',
  },
  'format:countryCode': { en: 'must be two lower-case letters, such as cn.', zh: '必须是两个小写字母，例如 cn。' },
  'format:once': { en: 'must not name anything twice.', zh: '不能有重复项。' },
  'format:dialPattern': {
    en: 'must be a pattern: digits, X (any), Z (1-9), N (2-9), [2-46], and . at the end for one digit or more.',
    zh: '必须是号码模式：数字、X（任意）、Z（1-9）、N（2-9）、[2-46]，末尾可用 . 表示一位或多位数字。',
  },
  'format:stripTooLong': {
    en: 'must not take away more digits than the pattern has.',
    zh: '去掉的位数不能多于号码模式的位数。',
  },
  'format:prepend': {
    en: 'must be digits, 24 at most; before those of a trunk, + may stand.',
    zh: '必须是数字，最多 24 位；在中继规则中可以 + 开头。',
  },
  'format:outsideNumber': {
    en: 'must be 1 to 24 digits, with + before a country code.',
    zh: '必须是 1 到 24 位数字，国家代码前可加 +。',
  },
  'format:network': {
    en: 'must be an address or a network, such as 203.0.113.0/24.',
    zh: '必须是地址或网段，例如 203.0.113.0/24。',
  },
  'format:ipAddress': { en: 'must be an IPv4 or IPv6 address.', zh: '必须是 IPv4 或 IPv6 地址。' },
  'format:sipUser': {
    en: 'must have letters, digits and . + _ ~ * - only, 64 at most.',
    zh: '只能包含字母、数字和 . + _ ~ * -，最多 64 个字符。',
  },
  'format:digestUser': {
    en: 'must be printable ASCII without spaces, quotes and backslashes, 128 characters at most.',
    zh: '必须是可打印的 ASCII 字符，不含空格、引号和反斜杠，最多 128 个字符。',
  },
  'format:secret': {
    en: 'must not have control characters, and 128 characters at most.',
    zh: '不能包含控制字符，最多 128 个字符。',
  },
  'format:certificateFingerprint': {
    en: 'must be 32 pairs of hexadecimal digits in capitals with colons between, as openssl prints a SHA-256 fingerprint.',
    zh: '必须是以冒号分隔的 32 组大写十六进制数，即 openssl 输出的 SHA-256 指纹。',
  },
  'format:realm': {
    en: 'must be letters, digits, dots and hyphens, 64 at most.',
    zh: '只能包含字母、数字、点和连字符，最多 64 个字符。',
  },
  'format:portRange': {
    en: 'must be two ports such as 20000-29999, the first even and smaller.',
    zh: '必须是两个端口，例如 20000-29999，第一个为偶数且较小。',
  },
  'format:dialPrefix': {
    en: 'must be digits, *, #, w (wait for dial tone), p (pause of 2 s) or commas, 12 at most: 0w.',
    zh: '只能包含数字、*、#、w（等待拨号音）、p（停顿 2 秒）和逗号，最多 12 个字符，例如 0w。',
  },
  'format:boardSpan': {
    en: 'must have numbers behind those of the virtual E1.',
    zh: '编号必须排在虚拟 E1 之后。',
  },
  'format:boardPort': {
    en: 'must have numbers behind those of the virtual telephones and lines.',
    zh: '编号必须排在虚拟话机和虚拟外线之后。',
  },
  'format:macAddress': {
    en: 'must be an address of twelve hexadecimal digits, such as 80:5e:c0:12:34:56.',
    zh: '必须是十二位十六进制的 MAC 地址，例如 80:5e:c0:12:34:56。',
  },
  'format:httpUrl': {
    en: 'must be a URL that begins with http:// or https://.',
    zh: '必须是以 http:// 或 https:// 开头的网址。',
  },
  'format:clockTime': {
    en: 'must be a time of day such as 22:30, the beginning and the end of quiet hours both.',
    zh: '必须是 22:30 这样的时间，静默时段的起止时间要同时填写。',
  },
  'format:objectId': { en: 'must be numbers with dots between them.', zh: '必须是以点分隔的数字。' },
  'format:operMode': {
    en: 'must be a country as the drivers name it, in capitals: CHINA, UK, TBR21.',
    zh: '必须是驱动使用的国家名，全部大写：CHINA、UK、TBR21。',
  },
  'format:boardsAhead': {
    en: 'must be fewer than the buffers.',
    zh: '必须小于缓冲块数。',
  },
  'format:pointCode': {
    en: 'must be a point code of its variant: 3-8-3 bits (ITU) or 8-8-8 bits (China), such as 2-125-1 or 23-10-1, or one number.',
    zh: '必须是该制式的信令点编码：ITU 为 3-8-3 位，中国为 8-8-8 位，例如 2-125-1 或 23-10-1，或一个整数。',
  },
  'format:linkSet': {
    en: 'must be the name of one of the link sets.',
    zh: '必须是某个信令链路组的名称。',
  },
  'format:linkSetSpans': {
    en: 'must be named by one to seven E1 with signalling ss7.',
    zh: '必须有一到七个信令为 ss7 的 E1 使用。',
  },
  'format:localDate': {
    en: 'must be a day that exists, such as 2027-02-06.',
    zh: '必须是存在的日期，例如 2027-02-06。',
  },
  'format:hoursSpan': {
    en: 'must end after it begins, and within 24 hours.',
    zh: '结束时间必须晚于开始时间，且不超过 24 小时。',
  },
  'format:lastDate': {
    en: 'must not be before the first day, nor a year after it.',
    zh: '不能早于第一天，也不能超过一年。',
  },
  'format:rotation': {
    en: 'needs `from`, the day on which the first one begins.',
    zh: '需要 from，即轮换开始的日期。',
  },
  'format:listedNumber': {
    en: 'must be a number, with + before a country code, or a pattern such as 0755.',
    zh: '必须是号码（国家代码前可加 +）或号码模式，例如 0755.',
  },
  'format:routeTarget': {
    en: 'must name where the call goes: either target or flowId.',
    zh: '必须指明呼叫的去向：target 或 flowId 二选一。',
  },
  'format:timeZone': {
    en: 'must be a time zone of the IANA database, such as Asia/Shanghai.',
    zh: '必须是 IANA 时区，例如 Asia/Shanghai。',
  },
  'format:dialSubject': {
    en: 'must be station: or agent: and a number, or queue: and a name, such as station:1001.',
    zh: '必须是 station: 或 agent: 加号码，或 queue: 加队列标识，例如 station:1001。',
  },
  'format:conferencePins': {
    en: 'must have a PIN for moderators that differs from that of the others.',
    zh: '主持人密码必须与普通密码不同。',
  },
  'format:pin': {
    en: 'must be 4 to 10 digits.',
    zh: '必须是 4 到 10 位数字。',
  },
  'format:mailAddress': {
    en: 'must be one address such as li@example.com, without a name.',
    zh: '必须是一个邮件地址，例如 li@example.com，不带姓名。',
  },
  'format:recordingPattern': {
    en: 'must be digits, X for any digit, and . at the end for whatever follows, 24 at most.',
    zh: '只能是数字、X（任意一位），末尾可用 .（其后任意），最多 24 位。',
  },
};

const TYPES: Record<string, Text> = {
  string: { en: 'text', zh: '文本' },
  number: { en: 'a number', zh: '数字' },
  int: { en: 'a whole number', zh: '整数' },
  boolean: { en: 'true or false', zh: 'true 或 false' },
  object: { en: 'an object', zh: '对象' },
  record: { en: 'an object', zh: '对象' },
  array: { en: 'a list', zh: '列表' },
  null: { en: 'null', zh: 'null' },
  undefined: { en: 'nothing', zh: '空' },
};

function describe(issue: Issue, schema: z.ZodType, language: Language): ErrorDetail[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: unknownKey(nearest(key, known), language),
    }));
  }
  return [{ path, message: say(textOf(issue), language) }];
}

/** The sentence for a name that nothing has. */
export function unknownKey(near: string | undefined, language: Language): string {
  const text: Text =
    near === undefined
      ? { en: 'is not known; leave it out.', zh: '未知；请删除。' }
      : { en: `is not known; did you mean ${near}?`, zh: `未知；您是否想写 ${near}？` };
  return say(text, language);
}

function say(text: Text, language: Language): string {
  return language === 'en' ? text.en : text.zh;
}

function textOf(issue: Issue): Text {
  const format = FORMATS[issue.message as Format] as Text | undefined;
  if (format !== undefined) return format;
  switch (issue.code) {
    case 'invalid_type':
      return typeText(issue);
    case 'too_small':
      return bound(issue.origin, Number(issue.minimum), 'least', issue.inclusive !== false);
    case 'too_big':
      return bound(issue.origin, Number(issue.maximum), 'most', issue.inclusive !== false);
    case 'invalid_value': {
      const values = issue.values.map(String).join(', ');
      return issue.values.length === 1
        ? { en: `must be ${values}.`, zh: `必须是 ${values}。` }
        : { en: `must be one of ${values}.`, zh: `必须是以下之一：${values}。` };
    }
    case 'invalid_union': {
      const options = discriminatorOptions(issue);
      if (options !== undefined) return { en: `must be one of ${options}.`, zh: `必须是以下之一：${options}。` };
      return { en: 'does not fit any of the forms allowed.', zh: '不符合任何允许的形式。' };
    }
    case 'invalid_key':
      return issue.issues[0] === undefined ? generic : textOf(issue.issues[0]);
    case 'not_multiple_of':
      return { en: `must be a multiple of ${issue.divisor}.`, zh: `必须是 ${issue.divisor} 的倍数。` };
    default:
      return generic;
  }
}

const generic: Text = { en: 'does not have the form it must have.', zh: '格式不正确。' };

function typeText(issue: Extract<Issue, { code: 'invalid_type' }>): Text {
  const expected = TYPES[issue.expected] ?? { en: issue.expected, zh: issue.expected };
  if (issue.message.includes('received undefined')) {
    return { en: `is missing; it must be ${expected.en}.`, zh: `缺失；必须是${expected.zh}。` };
  }
  return { en: `must be ${expected.en}.`, zh: `必须是${expected.zh}。` };
}

function bound(origin: string, limit: number, side: 'least' | 'most', inclusive: boolean): Text {
  const [en, zh] =
    origin === 'string'
      ? [`have ${limit} characters at ${side}`, side === 'least' ? `至少 ${limit} 个字符` : `最多 ${limit} 个字符`]
      : origin === 'array' || origin === 'set' || origin === 'map'
        ? [`have ${limit} entries at ${side}`, side === 'least' ? `至少 ${limit} 项` : `最多 ${limit} 项`]
        : [numberEn(limit, side, inclusive), numberZh(limit, side, inclusive)];
  return { en: `must ${en}.`, zh: `必须${zh}。` };
}

function numberEn(limit: number, side: 'least' | 'most', inclusive: boolean): string {
  if (!inclusive) return side === 'least' ? `be more than ${limit}` : `be less than ${limit}`;
  return `be ${limit} at ${side}`;
}

function numberZh(limit: number, side: 'least' | 'most', inclusive: boolean): string {
  if (!inclusive) return side === 'least' ? `大于 ${limit}` : `小于 ${limit}`;
  return side === 'least' ? `不小于 ${limit}` : `不大于 ${limit}`;
}

function discriminatorOptions(issue: Extract<Issue, { code: 'invalid_union' }>): string | undefined {
  const { options } = issue as { options?: readonly unknown[] };
  return options === undefined || options.length === 0 ? undefined : options.map(String).join(', ');
}

/** The keys that the object at `path` may have; empty when it cannot be told. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let schemas: z.core.$ZodType[] = [schema];
  for (const step of path) schemas = schemas.flatMap((one) => childrenAt(one, step));
  return schemas.flatMap(objectKeys);
}

type Def = {
  type: string;
  innerType?: z.core.$ZodType;
  shape?: Record<string, z.core.$ZodType>;
  valueType?: z.core.$ZodType;
  element?: z.core.$ZodType;
  options?: z.core.$ZodType[];
  in?: z.core.$ZodType;
};

function defOf(schema: z.core.$ZodType): Def {
  return schema._zod.def as unknown as Def;
}

function childrenAt(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType[] {
  const def = defOf(schema);
  const inner = def.innerType ?? (def.type === 'pipe' ? def.in : undefined);
  if (inner !== undefined) return childrenAt(inner, step);
  if (def.options !== undefined) return def.options.flatMap((option) => childrenAt(option, step));
  const child = def.shape?.[String(step)] ?? def.valueType ?? def.element;
  return child === undefined ? [] : [child];
}

function objectKeys(schema: z.core.$ZodType): string[] {
  const def = defOf(schema);
  const inner = def.innerType ?? (def.type === 'pipe' ? def.in : undefined);
  if (inner !== undefined) return objectKeys(inner);
  if (def.options !== undefined) return def.options.flatMap(objectKeys);
  return Object.keys(def.shape ?? {});
}
