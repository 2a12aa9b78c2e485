// What is said of signing in, passwords and roles; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const accessMessages = {
  second_factor_needed: {
    status: 401,
    en: 'Type the six digits that your authenticator shows now, or a recovery code.',
    zh: '请输入验证器当前显示的六位数字，或一个备用码。',
  },
  code_wrong: {
    status: 401,
    en: 'The code is wrong or has been used; wait for the next one. If this goes on, set the clock of your telephone.',
    zh: '验证码错误或已使用；请等待下一个验证码。若反复出现，请校准手机时间。',
  },
  second_factor_not_offered: {
    status: 409,
    en: 'The picture is too old; begin again with a new one.',
    zh: '二维码已过期；请重新开始。',
  },
  second_factor_required: {
    status: 409,
    en: 'Your role asks for a second factor, so it stays on.',
    zh: '您的角色要求两步验证，不能关闭。',
  },
  password_wrong: {
    status: 403,
    en: 'This is not your present password; type it again.',
    zh: '当前密码不正确；请重新输入。',
  },
  password_too_short: {
    status: 400,
    en: 'It must have {least} characters or more.',
    zh: '至少需要 {least} 个字符。',
  },
  password_too_plain: {
    status: 400,
    en: 'Use {classes} of these: small letters, capital letters, digits, other characters.',
    zh: '须包含小写字母、大写字母、数字、其他字符中的 {classes} 类。',
  },
  password_has_name: {
    status: 400,
    en: 'Your username must not stand in it.',
    zh: '不能包含用户名。',
  },
  password_common: {
    status: 400,
    en: 'It is one of those that everybody tries first; choose another.',
    zh: '这个密码太常见，容易被猜到；请换一个。',
  },
  password_used: {
    status: 400,
    en: 'It is one of your last {count}; choose another.',
    zh: '不能与最近 {count} 次用过的密码相同；请换一个。',
  },
  session_not_found: {
    status: 404,
    en: 'This session has ended already.',
    zh: '该登录已结束。',
  },
  role_not_found: {
    status: 404,
    en: 'There is no role {id}; GET /roles lists them.',
    zh: '角色 {id} 不存在；可在角色列表中查看。',
  },
  role_exists: {
    status: 409,
    en: 'There is a role {id} already; choose another id.',
    zh: '角色 {id} 已存在；请换一个标识。',
  },
  role_built_in: {
    status: 409,
    en: 'The role {id} is built in and stays as it is; make a copy and change that.',
    zh: '角色 {id} 是内置角色，不能更改；请复制一份再修改。',
  },
  role_in_use: {
    status: 409,
    en: 'Users have the role {id}: {count}. Give them another role first.',
    zh: '仍有 {count} 个用户使用角色 {id}；请先为他们换一个角色。',
  },
  scope_too_narrow: {
    status: 403,
    en: 'This touches the whole box; your role reaches a part of it.',
    zh: '此操作涉及整个系统；您的角色只能查看其中一部分数据。',
  },
  role_beyond_yours: {
    status: 403,
    en: 'That allows more than your own role does; only somebody who may it himself can give it or take it away.',
    zh: '这超出了您自己的权限；只有拥有这些权限的人才能授予或收回。',
  },
} as const satisfies Record<string, Message>;
