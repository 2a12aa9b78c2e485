// Help for `cordboard backup` and `cordboard tls`.
import type { Language } from '../contract/index.js';

export const backupUsage: Record<Language, string> = {
  en: `cordboard backup
  list                               back-ups, and where they are
  make [--recordings]                one now; it goes to every place
  verify NAME [--place ID]           restores it on trial into a folder, opens and counts its database
  restore NAME [--place ID]          takes effect at the next start; what is here is kept
  cancel                             takes a restore back
  remove NAME                        from the box and every place
  places                             where back-ups go, what arrived, what came of the last trial restore
  place ID --kind folder|usb|sftp|s3 adds or changes one; the newest back-up goes there at once
      --name TEXT  --keep N  --recordings  --off
      folder: --path FOLDER          usb: --volume LABEL|UUID --folder FOLDER
      sftp: --host HOST [--port N] --user NAME --folder FOLDER [--secret-file FILE] [--host-key SHA256:…]
                                     without --secret-file by the box's key, whose public part is printed
      s3: --endpoint URL --bucket NAME --access-key ID --secret-file FILE [--region NAME] [--folder PREFIX] [--host-style]
  test ID                            goes in, writes, reads back, removes
  send ID                            tries again at once
  forget ID                          sends nothing there any more; what is there stays
  volumes                            disks that are mounted
  The passphrase: --passphrase-file FILE, or CORDBOARD_BACKUP_PASSPHRASE.
`,
  'zh-CN': `cordboard backup
  list                               列出备份及其位置
  make [--recordings]                立即备份，并送往所有位置
  verify 名称 [--place 标识]         恢复到临时目录试用，打开数据库并核对条数
  restore 名称 [--place 标识]        下次启动时恢复；现有内容会保留
  cancel                             取消恢复
  remove 名称                        从本机和所有位置删除
  places                             列出备份位置、送达情况和最近一次试恢复
  place 标识 --kind folder|usb|sftp|s3  添加或修改；最新备份立即送去
      --name 名称  --keep 份数  --recordings  --off
      folder: --path 目录            usb: --volume 卷标|UUID --folder 目录
      sftp: --host 主机 [--port N] --user 用户 --folder 目录 [--secret-file 文件] [--host-key SHA256:…]
                                     不带 --secret-file 时使用本机密钥，并显示其公钥
      s3: --endpoint 地址 --bucket 桶 --access-key 标识 --secret-file 文件 [--region 区域] [--folder 前缀] [--host-style]
  test 标识                          连接、写入、读回、删除
  send 标识                          立即重试
  forget 标识                        不再发送；已有内容保留
  volumes                            列出已挂载的磁盘
  口令：--passphrase-file 文件，或环境变量 CORDBOARD_BACKUP_PASSPHRASE。
`,
};

export const tlsUsage: Record<Language, string> = {
  en: `cordboard tls
  show                               the certificate in force, and where the next one comes from
  upload CERT.pem KEY.pem            shows this one from now on
  own                                makes another one of its own
  acme NAME… --directory URL --agree-to-terms [--email ADDRESS] [--port N] [--authority-file FILE]
                                     asks an authority (RFC 8555), and again before it ends
  renew                              asks at once
`,
  'zh-CN': `cordboard tls
  show                               显示当前证书及下一张的来源
  upload 证书.pem 私钥.pem           立即改用此证书
  own                                重新生成自签名证书
  acme 域名… --directory 地址 --agree-to-terms [--email 邮箱] [--port N] [--authority-file 文件]
                                     向签发机构申请（RFC 8555），到期前自动续期
  renew                              立即申请
`,
};
