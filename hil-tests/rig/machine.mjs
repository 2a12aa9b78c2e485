// The virtual machine: Debian's kernel under pure emulation, so that nothing is asked of the machine it runs on. Its root is this
// machine's, read-only, with memory on top; so Node.js and what was compiled here run there as they are.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants } from 'node:os';

import { run } from '../../install/lib/child.mjs';
import { driverSource } from '../../install/lib/driver-header.mjs';
import { Failure } from '../../install/lib/failure.mjs';
import { unpackPackages } from '../../install/lib/packages.mjs';
import { inRoot } from '../../install/lib/paths.mjs';
import { digestOfInputs, stamp, upToDate } from '../../install/lib/stamps.mjs';
import { kernelImage } from './kernel-image.mjs';

/** Debian packages: the emulator, the tools of the guest's first file system, a library of the driver's tools, and an R2 peer. */
export const RIG_PACKAGES = [
  ...['qemu-system-x86', 'seabios', 'busybox-static', 'cpio', 'kmod', 'xz-utils', 'patch', 'gcc-12'],
  ...['libtonezone2.0', 'libopenr2-bin'],
];

const HERE = 'hil-tests';
const CACHE = 'build/hil';
const GUEST_MODULES = ['virtio_pci', '9p', '9pnet_virtio', 'overlay'];
/** Its clock and sound are the cases': what else this machine does comes after them. CI has the machine for itself. */
const NICE = Number(process.env.CORDBOARD_HIL_NICE ?? 0);

/** Folder that the guest can write to, at /share. */
export const share = (...parts) => inRoot(CACHE, 'share', ...parts);

/** Kernel, driver and first file system, each made once. */
export const RIG_STEPS = [
  {
    name: 'kernel',
    does: 'fetching a kernel and the driver',
    inputs: [],
    outputs: [`${CACHE}/vmlinux`],
    run: fetchKernel,
  },
  {
    name: 'modules',
    does: 'compiling the driver',
    inputs: [`${HERE}/rig/dahdi-dynamic-e1.patch`],
    outputs: [`${CACHE}/modules`],
    run: buildDriver,
  },
  {
    name: 'initrd',
    does: "making the guest's first file system",
    inputs: [`${HERE}/guest/init`],
    outputs: [`${CACHE}/initrd.gz`],
    run: makeInitrd,
  },
];

export async function prepare({ name, does, inputs, outputs, run: work }, { begin, keep }) {
  const digest = digestOfInputs([...inputs, `${HERE}/rig/machine.mjs`]);
  if (upToDate(`hil-${name}`, digest, outputs)) return 'up to date';
  begin(does);
  await work(keep);
  stamp(`hil-${name}`, digest, outputs);
  return 'made';
}

async function command(name, args, options) {
  const result = await run(name, args, options);
  if (result.code !== 0) throw new Failure(`${name} failed.`, result.output);
  return result.output;
}

const root = () => inRoot(CACHE, 'root');
const kernelVersion = () => readdirSync(join(root(), 'lib/modules'))[0];

async function fetchKernel(keep) {
  const depends = await command('apt-cache', ['depends', 'linux-image-amd64'], { onOutput: keep });
  const version = /Depends: linux-image-(\S+)/.exec(depends)?.[1];
  if (version === undefined) throw new Failure('apt knows no linux-image-amd64; run apt-get update.');
  const flavour = version.replace(/-amd64$/, '-common');
  const series = version.replace(/\.0-.*/, '');
  rmSync(root(), { recursive: true, force: true });
  await unpackPackages(
    [
      ...[`linux-image-${version}`, `linux-headers-${version}`, `linux-headers-${flavour}`],
      ...[`linux-kbuild-${series}`, 'linux-compiler-gcc-12-x86', 'dahdi-dkms', 'dahdi'],
    ],
    root(),
    { keep },
  );
  // As an ELF file it is started at once; unpacking it would take the guest seconds.
  writeFileSync(inRoot(CACHE, 'vmlinux'), await kernelImage(join(root(), `boot/vmlinuz-${version}`)));
}

async function buildDriver(keep) {
  const version = kernelVersion();
  const headers = join(root(), `usr/src/linux-headers-${version}`);
  const common = join(root(), `usr/src/linux-headers-${version.replace(/-amd64$/, '-common')}`);
  // The package names itself by the path that it would be installed at.
  writeFileSync(join(headers, 'Makefile'), `include ${common}/Makefile\n`);
  const source = inRoot(CACHE, 'driver');
  rmSync(source, { recursive: true, force: true });
  await command('cp', ['-a', driverSource(root()), source], { onOutput: keep });
  const patch = inRoot(HERE, 'rig/dahdi-dynamic-e1.patch');
  await command('patch', ['-p1', '-d', join(source, 'drivers/dahdi'), '-i', patch], { onOutput: keep });
  const settings = [`KVERS=${version}`, `KSRC=${headers}`, 'CONFIG_PCI=', 'CONFIG_DAHDI_XPP=n', 'CC=gcc'];
  await command('make', ['-j2', 'modules', ...settings], { cwd: source, onOutput: keep });
  const modules = inRoot(CACHE, 'modules');
  rmSync(modules, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  const made = join(source, 'drivers/dahdi');
  for (const file of readdirSync(made).filter((name) => name.endsWith('.ko')))
    await command('strip', ['--strip-debug', '-o', join(modules, file), join(made, file)], { onOutput: keep });
}

async function makeInitrd(keep) {
  const version = kernelVersion();
  const folder = inRoot(CACHE, 'initrd');
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['bin', 'modules', 'proc', 'sys', 'dev', 'lower', 'upper', 'new'])
    mkdirSync(join(folder, name), { recursive: true });
  copyFileSync('/bin/busybox', join(folder, 'bin/busybox'));
  copyFileSync(inRoot(HERE, 'guest/init'), join(folder, 'init'));
  if (!existsSync(join(root(), 'lib/modules', version, 'modules.dep')))
    await command('depmod', ['-b', root(), version], { onOutput: keep });
  const order = new Set();
  for (const name of GUEST_MODULES) {
    const args = ['-d', root(), '-S', version, '--show-depends', name];
    for (const [, path] of (await command('modprobe', args, { onOutput: keep })).matchAll(/^insmod (\S+)/gm)) {
      const file = path.split('/').at(-1);
      if (order.has(file)) continue;
      order.add(file);
      await command('strip', ['--strip-debug', '-o', join(folder, 'modules', file), path], { onOutput: keep });
    }
  }
  writeFileSync(join(folder, 'modules/order'), [...order, ''].join('\n'));
  const pack = `cd ${folder} && chmod +x init && find . | cpio -o -H newc --quiet | gzip -1 > ../initrd.gz`;
  await command('sh', ['-c', pack], { onOutput: keep });
}

/** A machine that ends before its kernel has begun the job is begun again. */
const MOST_BOOTS = 3;

/**
 * Boots, runs `job` (a shell script of hil-tests/guest) and powers off; what the guest printed goes to `onOutput`.
 * @returns {Promise<{code: number, timedOut: boolean}>} code of the emulator
 */
export async function boot(job, { env = {}, timeLimitMs, onOutput }) {
  mkdirSync(share(), { recursive: true });
  const lines = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`);
  writeFileSync(share('settings.sh'), [...lines, ''].join('\n'));
  copyFileSync(inRoot(HERE, 'guest', job), share('job.sh'));
  for (const file of ['start.sh', 'driver-up.sh']) copyFileSync(inRoot(HERE, 'guest', file), share(file));
  const shared = (id, path, readonly) => [
    ...['-fsdev', `local,id=${id},path=${path},security_model=none${readonly ? ',readonly=on,multidevs=remap' : ''}`],
    ...['-device', `virtio-9p-pci,vectors=0,fsdev=${id},mount_tag=${id}`],
  ];
  // On a busy host interrupts come late: the kernel is not to take that for a fault of its machine.
  const patient = 'no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 tsc=reliable';
  const kernel = `console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on ${patient}`;
  let begun = false;
  let heard = '';
  const hear = (text) => {
    // It comes in pieces, as a console says it.
    if (!begun) begun = (heard += text).includes('guest: up');
    onOutput?.(text);
  };
  const start = () =>
    run(
      'nice',
      [
        ...['-n', String(NICE), 'qemu-system-x86_64', '-M', 'q35', '-accel', 'tcg,thread=multi,tb-size=512'],
        ...['-cpu', 'max,vendor=GenuineIntel,family=6,model=94,stepping=3', '-smp', '2', '-m', '2048'],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-no-reboot'],
        ...['-nic', 'none', '-device', 'virtio-rng-pci,vectors=0'],
        ...['-kernel', inRoot(CACHE, 'vmlinux'), '-initrd', inRoot(CACHE, 'initrd.gz'), '-append', kernel],
        ...shared('root', '/', true),
        ...shared('share', share(), false),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], timeLimitMs, onOutput: hear },
    );
  for (let boots = 1; ; boots += 1) {
    const end = await start();
    if (begun || end.code === 0 || end.timedOut || boots === MOST_BOOTS) return end;
    onOutput?.(`The machine ended with ${end.code} before it was up: once more.\n`);
  }
}

/** How a shell tells that the emulator was ended from outside. */
export const ENDED = 128 + constants.signals.SIGTERM;
