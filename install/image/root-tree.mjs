// The root of the box: Debian's packages, Cordboard's package on top of them, and the files of install/image/root.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

import { Failure, outsideCause } from '../lib/failure.mjs';
import { inRoot } from '../lib/paths.mjs';
import { must } from './steps.mjs';
import { run } from '../lib/child.mjs';

/** Of Debian, besides what Cordboard's package depends on. */
const SYSTEM = [
  ...['systemd-sysv', 'systemd-timesyncd', 'systemd-resolved', 'dbus', 'udev', 'kmod', 'procps', 'logrotate', 'tzdata'],
  ...['linux-image-amd64', 'initramfs-tools', 'busybox', 'zstd'],
  ...[
    'e2fsprogs',
    'dosfstools',
    'fdisk',
    'util-linux-extra',
    'iproute2',
    'nftables',
    'kbd',
    'ca-certificates',
    'openssh-server',
  ],
];
/** What Cordboard's package recommends and a box has. */
const ALONG = ['fonts-noto-cjk', 'asterisk-core-sounds-en-wav', 'asterisk-moh-opsound-wav', 'smartmontools'];
/** The driver of voice cards, which Debian has as a source alone: compiled for the kernel of the image. */
const DRIVER = 'dahdi-dkms';
/** What sets it up. Their own dependency would be the source and a compiler. */
const DRIVER_TOOLS = ['dahdi', 'dahdi-linux', 'libtonezone2.0'];
const SUITE = 'bookworm';
/** The service's user has one number in every version: what it owns on the data partition stays its own. */
const USER = { name: 'cordboard', id: 900 };

const UNWANTED = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/info',
  'usr/share/lintian',
  'var/cache/apt',
  'var/lib/apt/lists',
];

/** Debian's packages, fetched once for the same list. Gives the folder. */
export async function baseTree(work, { begin, keep }) {
  const folder = join(work, 'base');
  const mark = join(work, 'base.list');
  const wanted = createHash('sha256')
    .update(JSON.stringify([SUITE, SYSTEM, USER]))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return folder;
  begin?.(`fetching ${SYSTEM.length} packages of Debian and what they need`);
  rmSync(folder, { recursive: true, force: true });
  rmSync(mark, { force: true });
  const hooks = [
    // The initramfs is made once, at the end, by what install/image/root has for it.
    `mkdir -p "$1/etc/initramfs-tools" && echo update_initramfs=no > "$1/etc/initramfs-tools/update-initramfs.conf"`,
    `chroot "$1" groupadd --system --gid ${USER.id} ${USER.name}`,
    `chroot "$1" useradd --system --uid ${USER.id} --gid ${USER.id} --home-dir /var/lib/cordboard --no-create-home --shell /usr/sbin/nologin ${USER.name}`,
  ];
  const made = await run(
    'mmdebstrap',
    [
      ...['--mode=root', '--variant=minbase', '--format=directory', `--include=${SYSTEM.join(',')}`],
      // apt's own user cannot see into this folder.
      ...['--aptopt=APT::Sandbox::User "root"', '--aptopt=APT::Install-Recommends "false"'],
      ...[
        '--dpkgopt=force-unsafe-io',
        // Of update-initramfs.conf, which is laid there before its package comes, nobody is asked.
        '--dpkgopt=force-confold',
        '--dpkgopt=path-exclude=/usr/share/man/*',
        '--dpkgopt=path-exclude=/usr/share/locale/*',
      ],
      ...[
        '--skip=cleanup/reproducible',
        `--essential-hook=${hooks[0]}`,
        `--customize-hook=${hooks[1]}`,
        `--customize-hook=${hooks[2]}`,
      ],
      ...[SUITE, folder],
    ],
    { onOutput: keep, cwd: work },
  );
  if (made.code !== 0)
    throw new Failure(
      outsideCause(made.output, 'to fetch the packages of Debian') ?? 'The base of Debian could not be made.',
      made.output,
    );
  writeFileSync(mark, wanted);
  return folder;
}

/** `base` with Cordboard's package and what it depends on, made once for the same package. Gives the folder. */
export async function installedTree({ work, base, deb }, { begin, keep }) {
  const folder = join(work, 'installed');
  const mark = join(work, 'installed.digest');
  const wanted = createHash('sha256')
    .update(JSON.stringify(ALONG))
    .update(readFileSync(join(work, 'base.list')))
    .update(readFileSync(deb))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return folder;
  begin(`installing ${basename(deb)}`);
  rmSync(mark, { force: true });
  rmSync(folder, { recursive: true, force: true });
  await must('cp', ['-a', '--reflink=auto', base, folder], { onOutput: keep });
  const at = join(folder, 'tmp', basename(deb));
  await inTree(folder, ['apt-get', 'update'], keep);
  copyFileSync(deb, at);
  const install = ['install', '--yes', '--no-install-recommends', '-o', 'DPkg::Options::=--force-unsafe-io'];
  await inTree(folder, ['apt-get', ...install, `/tmp/${basename(deb)}`, ...ALONG], keep);
  rmSync(at);
  writeFileSync(mark, wanted);
  return folder;
}

/** The driver's modules for the kernel of `base` and its tools, made once for the same base. Gives the folder, laid out as a root. */
export async function driverTree({ work, base }, { begin, keep }) {
  const folder = join(work, 'driver');
  const mark = join(work, 'driver.list');
  const wanted = createHash('sha256')
    .update(JSON.stringify([DRIVER, DRIVER_TOOLS]))
    .update(readFileSync(join(work, 'base.list')))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return folder;
  begin('compiling the driver of voice cards');
  rmSync(mark, { force: true });
  rmSync(folder, { recursive: true, force: true });
  const workshop = join(work, 'workshop');
  rmSync(workshop, { recursive: true, force: true });
  await must('cp', ['-a', '--reflink=auto', base, workshop], { onOutput: keep });
  const [kernel] = readdirSync(join(workshop, 'lib/modules'));
  const headers = `linux-headers-${kernel}`;
  await inTree(workshop, ['apt-get', 'update'], keep);
  await inTree(workshop, ['apt-get', 'install', '--yes', '--no-install-recommends', headers, DRIVER], keep);
  const script = [
    'set -e; kernel=$1; shift',
    // Its package does that for the kernel that runs, which is not this one.
    'version=$(ls /var/lib/dkms/dahdi | grep -v kernel- | head -n 1)',
    'dkms build "dahdi/$version" -k "$kernel" --force',
    'to=/driver/usr/lib/modules/$kernel/updates/dahdi; mkdir -p "$to"',
    'cp /var/lib/dkms/dahdi/$version/$kernel/*/module/*.ko* "$to"',
    'mkdir /packages; cd /packages; apt-get download "$@"; for file in *.deb; do dpkg-deb --extract "$file" /driver; done',
  ].join('\n');
  await inTree(workshop, ['/bin/sh', '-c', script, 'sh', kernel, ...DRIVER_TOOLS], keep);
  // /lib is a link in the root that this is laid over.
  const made = join(workshop, 'driver');
  if (existsSync(join(made, 'lib'))) {
    await must('cp', ['-a', `${made}/lib/.`, join(made, 'usr/lib')], { onOutput: keep });
    rmSync(join(made, 'lib'), { recursive: true });
  }
  // It would load the driver on boxes without boards.
  rmSync(join(made, 'etc/modules-load.d'), { recursive: true, force: true });
  renameSync(made, folder);
  rmSync(workshop, { recursive: true, force: true });
  writeFileSync(mark, wanted);
  return folder;
}

/**
 * The whole root in `folder`: `installed` and `driver` with what makes it an appliance.
 * @param {{ installed: string, driver: string, folder: string, version: string, builtAt: number, publicKey: string, change?: (folder: string) => void }} options
 *   `change`: what a test's own version has otherwise
 */
export async function wholeTree({ installed, driver, folder, version, builtAt, publicKey, change }, keep) {
  rmSync(folder, { recursive: true, force: true });
  await must('cp', ['-a', '--reflink=auto', installed, folder], { onOutput: keep });
  const at = (...parts) => join(folder, ...parts);
  await must('cp', ['-a', `${driver}/.`, folder], { onOutput: keep });
  await must('cp', ['-r', '--no-preserve=ownership', `${inRoot('install/image/root')}/.`, folder], { onOutput: keep });
  writeFileSync(at('usr/lib/cordboard-image/release.json'), `${JSON.stringify({ version, builtAt })}\n`);
  writeFileSync(at('usr/lib/cordboard-image/update-key.pem'), publicKey);
  change?.(folder);
  await inTree(folder, ['/bin/sh', '/usr/lib/cordboard-image/finish'], keep);
  rmSync(at('usr/lib/cordboard-image/finish'));
  forgetBuild(folder);
  mkdirSync(at('data'), { recursive: true });
}

/** What is one machine's own, or only of use while building. */
function forgetBuild(folder) {
  const at = (...parts) => join(folder, ...parts);
  for (const name of UNWANTED) rmSync(at(name), { recursive: true, force: true });
  for (const name of readdirSync(at('etc/ssh')).filter((one) => one.startsWith('ssh_host_')))
    rmSync(at('etc/ssh', name));
  for (const name of ['var/lib/dbus/machine-id', 'var/lib/systemd/random-seed', 'etc/hostname', 'etc/resolv.conf'])
    rmSync(at(name), { force: true });
  for (const name of readdirSync(at('var/log'))) rmSync(at('var/log', name), { recursive: true });
  for (const name of readdirSync(at('var/lib/cordboard'))) rmSync(at('var/lib/cordboard', name), { recursive: true });
  // Empty: each box makes its own at its first boot.
  writeFileSync(at('etc/machine-id'), '');
  writeFileSync(at('etc/hostname'), 'cordboard\n');
  writeFileSync(
    at('etc/hosts'),
    '127.0.0.1 localhost\n127.0.1.1 cordboard\n::1 localhost ip6-localhost ip6-loopback\n',
  );
  symlinkSync('/run/systemd/resolve/stub-resolv.conf', at('etc/resolv.conf'));
  for (const name of readdirSync(at('boot'))) {
    if (name.startsWith('vmlinuz-')) renameSync(at('boot', name), at('boot/vmlinuz'));
    else if (name.startsWith('initrd.img-')) renameSync(at('boot', name), at('boot/initrd.img'));
    else rmSync(at('boot', name), { recursive: true });
  }
  for (const name of ['vmlinuz', 'initrd.img', 'vmlinuz.old', 'initrd.img.old']) rmSync(at(name), { force: true });
}

/** Runs a program with `folder` as its root, /proc and the like in their places. */
async function inTree(folder, command, keep) {
  const script = [
    'set -e; root=$1; shift',
    'mount -t proc proc "$root/proc"; mount -t sysfs -o ro sys "$root/sys"; mount --rbind /dev "$root/dev"',
    // Nothing is started while it is being made.
    'printf "#!/bin/sh\\nexit 101\\n" > "$root/usr/sbin/policy-rc.d"; chmod +x "$root/usr/sbin/policy-rc.d"',
    'rm -f "$root/etc/resolv.conf"; cp -L /etc/resolv.conf "$root/etc/resolv.conf"',
    'code=0; chroot "$root" "$@" || code=$?',
    'rm -f "$root/usr/sbin/policy-rc.d"; exit $code',
  ].join('\n');
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    DEBIAN_FRONTEND: 'noninteractive',
    LC_ALL: 'C.UTF-8',
  };
  // Mounts of a space of their own: they are gone with it.
  const result = await run(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder, ...command],
    { onOutput: keep, env },
  );
  if (result.code !== 0)
    throw new Failure(
      outsideCause(result.output, 'to install packages in the image') ?? `${command[0]} failed in the image.`,
      result.output,
    );
}

/** The root as one file; `fast`: packed for tests, larger. */
export async function packTree(folder, file, fast, keep) {
  rmSync(file, { force: true });
  // gzip is what GRUB can read as well as the kernel.
  await must(
    'mksquashfs',
    [
      folder,
      file,
      '-comp',
      'gzip',
      '-Xcompression-level',
      fast ? '1' : '9',
      '-b',
      '256K',
      '-noappend',
      '-no-progress',
      '-quiet',
      '-no-xattrs',
    ],
    { onOutput: keep },
  );
}
