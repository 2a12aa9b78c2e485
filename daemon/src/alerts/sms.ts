// Text messages by the gateways that are common in China, and by any other that takes an HTTP request: each is a request made from
// account, number and text, and a sign in the answer that it was taken.
import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { SmsWay } from '../contract/index.js';
import type { HttpMessage } from './http-sender.js';

export type SmsSettings = z.output<typeof SmsWay> & { secret?: string | undefined };

export interface SmsRequest extends HttpMessage {
  /** whether an answer says that it was taken */
  taken: (text: string) => boolean;
}

type Maker = (settings: SmsSettings, number: string, text: string, atMs: number) => SmsRequest;

const LONGEST = 300;
const JSON_TYPE = 'application/json; charset=utf-8';

/** Of one number. */
export const smsRequest: Maker = (settings, number, text, atMs) =>
  MAKERS[settings.preset](settings, number, text.replaceAll('\n', ' ').slice(0, LONGEST), atMs);

/** A value in its place: what it is written into decides how. */
export function filled(template: string, values: Readonly<Record<string, string>>, contentType: string): string {
  const write = /json/i.test(contentType)
    ? (value: string) => JSON.stringify(value).slice(1, -1)
    : /xml/i.test(contentType)
      ? (value: string) => value.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
      : /urlencoded|^url$/i.test(contentType)
        ? percent
        : (value: string) => value;
  return template.replace(/\{([a-z]+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? write(values[name] as string) : whole,
  );
}

/** RFC 3986, with everything escaped that need not stand. */
const percent = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const signed = (settings: SmsSettings, text: string): string =>
  settings.signature === '' ? text : `【${settings.signature}】${text}`;

const generic: Maker = (settings, number, text, atMs) => {
  const { account, secret = '', contentType, method, okPattern, ownNetwork: inside } = settings;
  const values = {
    ...{
      number,
      account,
      secret,
      text: signed(settings, text),
      time: String(Math.floor(atMs / 1000)),
      id: randomUUID(),
    },
  };
  return {
    ...{ url: filled(settings.url ?? '', values, 'url'), method, inside },
    headers: method === 'POST' ? { 'content-type': contentType } : {},
    body: method === 'POST' ? filled(settings.body, values, contentType) : undefined,
    taken: (answer) => okPattern === '' || answer.includes(okPattern),
  };
};

/** https://www.smsbao.com/openapi: GET, the password as MD5, 0 is success. */
const smsbao: Maker = (settings, number, text) => {
  const md5 = createHash('md5')
    .update(settings.secret ?? '')
    .digest('hex');
  const query = `u=${percent(settings.account)}&p=${md5}&m=${percent(number)}&c=${percent(signed(settings, text))}`;
  return {
    ...{
      url: `${settings.url ?? 'https://api.smsbao.com/sms'}?${query}`,
      method: 'GET',
      headers: {},
      inside: settings.ownNetwork,
    },
    taken: (answer) => answer.trim() === '0',
  };
};

/** Chuanglan 253, JSON interface: code 0 is success. */
const chuanglan: Maker = (settings, number, text) => ({
  ...{ url: settings.url ?? 'https://smssh1.253.com/msg/v1/send/json', method: 'POST', inside: settings.ownNetwork },
  headers: { 'content-type': JSON_TYPE },
  body: JSON.stringify({
    ...{ account: settings.account, password: settings.secret ?? '', msg: signed(settings, text), phone: number },
    report: 'false',
  }),
  taken: (answer) => /"code"\s*:\s*"?0"?[,}\s]/.test(answer),
});

/** Alibaba Cloud SMS, SendSms of 2017-05-25: RPC, signed with HMAC-SHA1 over the sorted query. */
const aliyun: Maker = (settings, number, text, atMs) => {
  const parameters: Record<string, string> = {
    ...{ AccessKeyId: settings.account, Action: 'SendSms', Format: 'JSON', RegionId: 'cn-hangzhou' },
    ...{ SignatureMethod: 'HMAC-SHA1', SignatureNonce: randomUUID(), SignatureVersion: '1.0', Version: '2017-05-25' },
    ...{ PhoneNumbers: number, SignName: settings.signature, TemplateCode: settings.template },
    TemplateParam: JSON.stringify({ text }),
    Timestamp: new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const query = Object.keys(parameters)
    .sort()
    .map((name) => `${percent(name)}=${percent(parameters[name] as string)}`)
    .join('&');
  const signature = createHmac('sha1', `${settings.secret ?? ''}&`)
    .update(`POST&%2F&${percent(query)}`)
    .digest('base64');
  return {
    ...{ url: settings.url ?? 'https://dysmsapi.aliyuncs.com/', method: 'POST', inside: settings.ownNetwork },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `Signature=${percent(signature)}&${query}`,
    taken: (answer) => /"Code"\s*:\s*"OK"/.test(answer),
  };
};

/** Tencent Cloud SMS, SendSms of 2021-01-11: signed with TC3-HMAC-SHA256. */
const tencent: Maker = (settings, number, text, atMs) => {
  const url = new URL(settings.url ?? 'https://sms.tencentcloudapi.com/');
  const at = Math.floor(atMs / 1000);
  const date = new Date(atMs).toISOString().slice(0, 10);
  const body = JSON.stringify({
    PhoneNumberSet: [number.startsWith('+') ? number : `+86${number}`],
    ...{ SmsSdkAppId: settings.appId, SignName: settings.signature, TemplateId: settings.template },
    TemplateParamSet: [text],
  });
  const canonical = `POST\n/\n\ncontent-type:${JSON_TYPE}\nhost:${url.host}\n\ncontent-type;host\n${sha256(body)}`;
  const scope = `${date}/sms/tc3_request`;
  const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
  const key = mac(mac(mac(`TC3${settings.secret ?? ''}`, date), 'sms'), 'tc3_request');
  const signature = mac(key, `TC3-HMAC-SHA256\n${at}\n${scope}\n${sha256(canonical)}`).toString('hex');
  return {
    ...{ url: url.href, method: 'POST', body, inside: settings.ownNetwork },
    headers: {
      'content-type': JSON_TYPE,
      'x-tc-action': 'SendSms',
      'x-tc-version': '2021-01-11',
      'x-tc-region': 'ap-guangzhou',
      'x-tc-timestamp': String(at),
      authorization: `TC3-HMAC-SHA256 Credential=${settings.account}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`,
    },
    taken: (answer) => /"Code"\s*:\s*"Ok"/.test(answer),
  };
};

const MAKERS: Record<SmsSettings['preset'], Maker> = { generic, smsbao, chuanglan, aliyun, tencent };
