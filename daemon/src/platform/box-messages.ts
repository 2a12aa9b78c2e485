// What is said of the simulator's sound, the settings and the back-ups; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const boxMessages = {
  line_sound_refused: {
    status: 503,
    en: 'This line cannot be listened to: {reason}. Stop listening to another one and try again; calls go on.',
    zh: '无法监听该线路：{reason}。请先停止监听其他线路再试；通话不受影响。',
  },
  network_not_here: {
    status: 409,
    en: 'The network of this machine is set up by the system that Cordboard was installed on, not here.',
    zh: '本机的网络由安装 Cordboard 的操作系统管理，不能在这里设置。',
  },
  network_not_root: {
    status: 403,
    en: 'Only root may do this: sudo cordboard network {command}.',
    zh: '只有 root 可以执行：sudo cordboard network {command}。',
  },
  network_busy: {
    status: 409,
    en: 'Another change of the network is under way; keep it or take it back first.',
    zh: '另一项网络更改正在进行；请先保留或撤销它。',
  },
  network_port_unknown: {
    status: 422,
    en: 'This machine has no network port {port}.',
    zh: '本机没有网口 {port}。',
  },
  network_port_twice: {
    status: 422,
    en: 'The network port {port} is there twice.',
    zh: '网口 {port} 重复。',
  },
  network_zone_unknown: {
    status: 422,
    en: 'The time zone {zone} is not known here.',
    zh: '本机不认识时区 {zone}。',
  },
  network_nothing_to_confirm: {
    status: 409,
    en: 'No change of the network waits to be confirmed: it is over, or the old addresses are back.',
    zh: '没有等待确认的网络更改：它已经完成，或者已恢复原来的地址。',
  },
  network_code_wrong: {
    status: 403,
    en: 'This link does not belong to the change that waits to be confirmed. Sign in and look at the page of the network.',
    zh: '此链接与等待确认的更改不符。请登录后在网络页面查看。',
  },
  setting_not_known: {
    status: 400,
    en: 'The setting {path} does not exist or cannot be changed here; GET /settings lists those that can.',
    zh: '设置项 {path} 不存在，或不能在此修改；可修改的设置项见设置列表。',
  },
  setting_locked: {
    status: 409,
    en: 'The setting {path} comes from the variable {variable} of the environment, which wins; change it there.',
    zh: '设置项 {path} 由环境变量 {variable} 指定，优先生效；请在环境变量中修改。',
  },
  restart_not_possible: {
    status: 409,
    en: 'This box cannot restart itself; restart it the way it was started.',
    zh: '本机无法自行重启；请用启动它的方式重新启动。',
  },
  backup_busy: {
    status: 409,
    en: 'A back-up is being made, checked or restored; wait until it is done.',
    zh: '正在备份、校验或恢复；请等待完成。',
  },
  backup_not_found: { status: 404, en: 'There is no back-up {name}.', zh: '备份 {name} 不存在。' },
  backup_exists: {
    status: 409,
    en: 'There is a back-up {name} already; remove it first or give the file another name.',
    zh: '备份 {name} 已存在；请先删除它，或更改文件名。',
  },
  backup_damaged: {
    status: 422,
    en: 'The back-up {name} is damaged or no back-up; nothing was changed. Take another one.',
    zh: '备份 {name} 已损坏或不是备份文件；未做任何更改。请使用其他备份。',
  },
  backup_passphrase_wrong: {
    status: 422,
    en: 'The passphrase does not open the back-up {name}; check it and try again.',
    zh: '口令无法打开备份 {name}；请核对后重试。',
  },
  backup_no_passphrase: {
    status: 400,
    en: 'Back-ups by the clock need a passphrase; enter one and keep it somewhere else, too.',
    zh: '定时备份需要口令；请设置口令，并另行妥善保存。',
  },
  backup_folder_missing: {
    status: 400,
    en: 'There is no folder {folder}, or it is no absolute path; make it or mount the disk first.',
    zh: '目录 {folder} 不存在或不是绝对路径；请先建立目录或挂载磁盘。',
  },
  backup_no_space: {
    status: 507,
    en: 'There is not enough room in {folder}: {neededMb} MB are needed, {freeMb} MB are free. Remove old back-ups or choose another disk.',
    zh: '{folder} 空间不足：需要 {neededMb} MB，剩余 {freeMb} MB。请删除旧备份或更换磁盘。',
  },
  backup_place_not_found: { status: 404, en: 'There is no place for back-ups {id}.', zh: '备份位置 {id} 不存在。' },
  backup_places_many: {
    status: 400,
    en: 'There are {most} places for back-ups already; remove one first.',
    zh: '备份位置已达 {most} 个；请先删除一个。',
  },
  backup_place_unreachable: {
    status: 502,
    en: '{host} cannot be reached: {reason}. Check address, port and network; it is tried again by itself.',
    zh: '无法连接 {host}：{reason}。请检查地址、端口和网络；系统会自动重试。',
  },
  backup_place_refused: {
    status: 422,
    en: '{host} does not let {user} in. {reason} Check user name, password or key.',
    zh: '{host} 拒绝 {user} 登录。{reason} 请检查用户名、密码或密钥。',
  },
  backup_place_folder: {
    status: 422,
    en: '{folder} cannot be used: {reason}. Make it, mount the disk, or give the right to write there.',
    zh: '{folder} 无法使用：{reason}。请建立目录、挂载磁盘，或授予写入权限。',
  },
  backup_place_gone: {
    status: 404,
    en: '{name} is no longer there; somebody else has removed it.',
    zh: '{name} 已不存在，可能已被他人删除。',
  },
  backup_host_key_changed: {
    status: 422,
    en: '{host} shows another key than before: {is} in place of {was}. Nothing was sent. Ask whoever looks after it; if the server is new, empty the field of its key.',
    zh: '{host} 的主机密钥已改变：现为 {is}，原为 {was}。未发送任何内容。请向其管理员核实；如确已更换服务器，请清空主机密钥一栏。',
  },
  backup_volume_missing: {
    status: 422,
    en: 'The disk {volume} is not mounted; plug it in, and mount it.',
    zh: '磁盘 {volume} 未挂载；请插入并挂载该磁盘。',
  },
  backup_no_secret: {
    status: 400,
    en: 'A password or secret key is missing; enter it.',
    zh: '缺少密码或访问密钥；请填写。',
  },
  backup_trial_database: {
    status: 422,
    en: 'The database in {name} cannot be used: {reason}. Make another back-up and keep the older ones.',
    zh: '备份 {name} 中的数据库无法使用：{reason}。请重新备份，并保留较早的备份。',
  },
  backup_trial_counts: {
    status: 422,
    en: 'The database in {name} lacks rows: {table} has {is} in place of {was}. Make another back-up and keep the older ones.',
    zh: '备份 {name} 中的数据库缺少记录：{table} 现有 {is} 条，应有 {was} 条。请重新备份，并保留较早的备份。',
  },
  backup_trial_recordings: {
    status: 422,
    en: '{missing} of {count} recordings of {name} are missing or damaged in their place. They are sent again with the next back-up.',
    zh: '备份 {name} 的 {count} 个录音中有 {missing} 个在该位置缺失或损坏。下次备份时将重新发送。',
  },
  tls_certificate_bad: {
    status: 422,
    en: 'This is no certificate in PEM form ({reason}); it begins with -----BEGIN CERTIFICATE-----.',
    zh: '这不是 PEM 格式的证书（{reason}）；应以 -----BEGIN CERTIFICATE----- 开头。',
  },
  tls_key_bad: {
    status: 422,
    en: 'This is no private key in PEM form ({reason}); it begins with -----BEGIN PRIVATE KEY-----.',
    zh: '这不是 PEM 格式的私钥（{reason}）；应以 -----BEGIN PRIVATE KEY----- 开头。',
  },
  tls_key_encrypted: {
    status: 422,
    en: 'The key is protected by a password; take the protection off first, for example by openssl pkey.',
    zh: '私钥受密码保护；请先解除保护，例如使用 openssl pkey。',
  },
  tls_key_foreign: {
    status: 422,
    en: 'The key is not that of the first certificate; take the key that it was requested with.',
    zh: '私钥与第一张证书不匹配；请使用申请该证书时的私钥。',
  },
  tls_key_weak: {
    status: 422,
    en: 'The key is too short: browsers ask for {bits} bits of RSA at least. Request a certificate with a new key.',
    zh: '私钥过短：浏览器要求 RSA 至少 {bits} 位。请使用新私钥重新申请证书。',
  },
  tls_chain_broken: {
    status: 422,
    en: 'The certificate of {name} was not signed by {above}, which stands behind it; put the chain into its order.',
    zh: '{name} 的证书不是由其后的 {above} 签发；请按顺序排列证书链。',
  },
  tls_expired: {
    status: 422,
    en: 'The certificate of {name} has ended on {at}; request a new one.',
    zh: '{name} 的证书已于 {at} 到期；请申请新证书。',
  },
  tls_not_yet: {
    status: 422,
    en: 'The certificate of {name} begins on {at} only; check the clock of the box, or wait.',
    zh: '{name} 的证书自 {at} 起生效；请检查本机时间，或稍后再试。',
  },
  tls_names_none: {
    status: 422,
    en: 'The certificate names no host (subjectAltName), so nobody would believe it; request one that does.',
    zh: '证书中没有主机名（subjectAltName），客户端不会信任；请重新申请。',
  },
  tls_names_foreign: {
    status: 422,
    en: 'The certificate is for {names}, but the box is reached as {wanted}; take another one or change the names in the settings.',
    zh: '证书适用于 {names}，而本机的访问名称为 {wanted}；请更换证书，或在系统设置中修改名称。',
  },
  tls_busy: {
    status: 409,
    en: 'A certificate is being asked for already; wait until that is done.',
    zh: '正在申请证书；请等待完成。',
  },
  tls_acme_none: {
    status: 409,
    en: 'No authority is set that certificates are asked of; set one first.',
    zh: '尚未设置自动签发机构；请先设置。',
  },
  tls_acme_port: {
    status: 422,
    en: 'Port {port}, where the authority asks, cannot be listened at: {reason}. Enter the port that port 80 is forwarded to, or give the box the right to it.',
    zh: '无法在端口 {port} 上等待签发机构的验证：{reason}。请填写 80 端口所转发到的端口，或授予本机使用该端口的权限。',
  },
  tls_acme_unreachable: {
    status: 502,
    en: '{directory} cannot be reached: {reason}. Check the address and the way out; the certificate in force stays.',
    zh: '无法连接 {directory}：{reason}。请检查地址和外网连接；现有证书继续使用。',
  },
  tls_acme_refused: {
    status: 422,
    en: 'The authority gives no certificate: {reason}. The one in force stays.',
    zh: '签发机构未签发证书：{reason}。现有证书继续使用。',
  },
  tls_acme_challenge: {
    status: 422,
    en: 'The authority did not find this box at http://{name}/ on port 80: {reason}. Check that the name leads here and the port is let through; the certificate in force stays.',
    zh: '签发机构未能通过 http://{name}/（80 端口）访问到本机：{reason}。请检查域名指向和端口放行；现有证书继续使用。',
  },
} as const satisfies Record<string, Message>;
