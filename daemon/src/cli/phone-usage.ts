// Help for `cordboard phone` and `cordboard alert`.
export const phoneUsage = {
  phone: {
    en: `cordboard phone
  add MAC --station NUMBER           says which station a desk telephone is; it may fetch its account now
      --vendor yealink|grandstream|fanvil|cisco|htek      left out: as the address tells
      --model TEXT --transport udp|tcp|tls
      --blf NUMBER,… --dial NUMBER,… keys: lamps, then speed dials
      --firmware URL
  set MAC                            changes it, with the same
  list | unknown                     those that are known, and those that have asked and are not
  show MAC | file MAC                what it would be given, without secrets
  provision MAC                      gives it another secret, and has it fetch
  access MAC                         its own URL, and the password of its pages
  renew MAC                          another URL and password
  url [--new]                        the URL for all, for DHCP
  remove MAC
`,
    'zh-CN': `cordboard phone
  add MAC --station 号码             登记话机对应的分机，话机随即可以取配置
      --vendor yealink|grandstream|fanvil|cisco|htek      默认按 MAC 地址判断
      --model 型号 --transport udp|tcp|tls
      --blf 号码,… --dial 号码,…     按键：先状态灯，后一键拨号
      --firmware 网址
  set MAC                            修改，选项同上
  list | unknown                     已登记的话机；来取过配置但未登记的话机
  show MAC | file MAC                话机会得到的配置，不含密码
  provision MAC                      重新配置：换新密码并通知话机来取
  access MAC                         话机专用网址和话机网页的密码
  renew MAC                          更换网址和密码
  url [--new]                        公用网址，用于 DHCP
  remove MAC
`,
  },
  alert: {
    en: `cordboard alert
  list                               what was wrong, and who was told
  ways | rules                       by what, and when, somebody is told
  test WAY                           sends a test by a way
`,
    'zh-CN': `cordboard alert
  list                               告警记录和通知情况
  ways | rules                       通知途径和规则
  test 途径                          通过该途径发送测试
`,
  },
} as const;
