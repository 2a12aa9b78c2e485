// What is said when a box is updated; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const updateMessages = {
  update_not_here: {
    status: 409,
    en: 'This system was not started from an image of Cordboard; it is updated with its packages: apt-get install ./cordboard_….deb.',
    zh: '本系统不是由 Cordboard 镜像启动的；请通过软件包更新：apt-get install ./cordboard_….deb。',
  },
  update_not_root: {
    status: 403,
    en: 'Only root may do this: sudo cordboard update {command}.',
    zh: '只有 root 可以执行：sudo cordboard update {command}。',
  },
  update_no_partition: {
    status: 500,
    en: 'Partition {number} of {disk} is missing: this disk is not laid out as an image of Cordboard is.',
    zh: '{disk} 缺少第 {number} 分区：此磁盘的布局不是 Cordboard 镜像的布局。',
  },
  update_no_boot_state: {
    status: 500,
    en: 'What the boot loader reads is missing on {file}: write the image to the disk anew, and restore a back-up.',
    zh: '{file} 上缺少引导程序的状态数据：请重新写入镜像，然后恢复备份。',
  },
  update_not_bundle: {
    status: 422,
    en: 'This is no update of Cordboard. Choose the file whose name ends in .cbu, as it was downloaded.',
    zh: '这不是 Cordboard 更新文件。请选择下载得到的、文件名以 .cbu 结尾的原始文件。',
  },
  update_signature_wrong: {
    status: 422,
    en: 'The signature of the update does not fit: it was not made by whoever made this box, or it has been changed. Nothing was installed.',
    zh: '更新文件的签名不符：它不是由本设备的制造方发布的，或已被篡改。未安装任何内容。',
  },
  update_not_for_this: {
    status: 422,
    en: 'The update is genuine but not for this box (another kind of machine or of update). Nothing was installed.',
    zh: '更新文件是真的，但不适用于本设备（机型或更新方式不同）。未安装任何内容。',
  },
  update_damaged: {
    status: 422,
    en: 'The update is damaged ({what}): fetch it once more. What runs has not been changed.',
    zh: '更新文件已损坏（{what}）：请重新获取。正在运行的系统未受影响。',
  },
  update_older: {
    status: 409,
    en: 'The update is version {version}, and {running} runs already. To go back to the version before: cordboard update back.',
    zh: '更新文件的版本是 {version}，而正在运行的是更新的 {running}。要回到上一版本，请使用：cordboard update back。',
  },
  update_same: {
    status: 409,
    en: 'Version {version} runs already.',
    zh: '版本 {version} 已在运行。',
  },
  update_too_large: {
    status: 422,
    en: 'The update has {bytes} octets and there is room for {slotBytes}. Nothing was installed.',
    zh: '更新内容有 {bytes} 字节，而可用空间只有 {slotBytes}。未安装任何内容。',
  },
  update_on_trial: {
    status: 409,
    en: 'The version that runs is on trial; wait until it is known to be good, some minutes after its start.',
    zh: '当前版本正在试运行；请等到确认正常之后（启动后几分钟）。',
  },
  update_busy: {
    status: 409,
    en: 'Another update is under way; wait until it has ended.',
    zh: '另一个更新正在进行；请等待其结束。',
  },
  update_not_written: {
    status: 500,
    en: 'What was written to {device} reads back differently: the disk is failing. The version that runs has not been changed.',
    zh: '写入 {device} 的内容读回后不一致：磁盘有故障。正在运行的版本未受影响。',
  },
  update_nothing_to_go_back_to: {
    status: 409,
    en: 'There is no other version on this box to go back to.',
    zh: '本设备上没有可以恢复的其他版本。',
  },
  update_piece_misplaced: {
    status: 409,
    en: 'The next piece of the file begins at octet {there}, not at {at}.',
    zh: '文件的下一段应从第 {there} 字节开始，而不是第 {at} 字节。',
  },
  update_not_uploaded: {
    status: 409,
    en: 'No update has been brought yet: choose the file first.',
    zh: '尚未上传更新文件：请先选择文件。',
  },
  update_no_room: {
    status: 507,
    en: 'The update needs {neededMb} MB for a while, and {freeMb} MB may be used: remove old recordings or back-ups first.',
    zh: '更新文件需要临时占用 {neededMb} MB，而可用空间只有 {freeMb} MB：请先清理旧录音或备份。',
  },
  update_nothing_to_cancel: {
    status: 409,
    en: 'Nothing waits that could be cancelled: it has begun already, or it is over.',
    zh: '没有可以取消的操作：它已经开始，或者已经结束。',
  },
  update_nothing_to_restart_for: {
    status: 409,
    en: 'No other version waits for a restart.',
    zh: '没有等待重启生效的版本。',
  },
  update_unreadable: {
    status: 422,
    en: '{source} cannot be read: {reason}',
    zh: '无法读取 {source}：{reason}',
  },
  update_no_stick: {
    status: 404,
    en: 'No update (a file ending in .cbu, in the first folder) was found on a USB stick.',
    zh: '未在 U 盘根目录找到更新文件（以 .cbu 结尾）。',
  },
  update_no_way_back: {
    status: 500,
    en: 'The database is of a newer version, and no copy from before is there: {file}.',
    zh: '数据库属于更新的版本，且没有升级前的副本：{file}。',
  },
} as const satisfies Record<string, Message>;
