// Runs one shell scenario on the real Linux kernel in a fresh boot under QEMU (TCG), and tells what was printed.
// Needs qemu-system-x86, busybox-static and, for a kernel that is not in the cache yet, apt-get.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Initramfs } from './initramfs.mjs';
import { vmlinuxOf } from './kernel.mjs';

const INIT = `#!/bin/busybox sh
export PATH=/bin:/sbin HOME=/root
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t debugfs debug /sys/kernel/debug; mount -t configfs config /sys/kernel/config 2>/dev/null
dmesg -n 1; dmesg -c >/dev/null; stty -onlcr </dev/console 2>/dev/null
cd /
echo "@@begin"; dmesg -n 8
sh /scenario.sh </dev/null >/tmp/out 2>&1; s=$?
dmesg -n 1; echo; echo "@@output"; cat /tmp/out; echo; echo "@@log"; dmesg -c; echo; echo "@@end $s"
poweroff -f
`;

function makeInitramfs(busybox, scenario, modules) {
  const root = new Initramfs();
  for (const name of ['dev', 'proc', 'sys', 'tmp', 'bin', 'sbin', 'etc', 'root']) root.folder(name);
  root.device('dev/console', 5, 1);
  root.device('dev/null', 1, 3);
  root.file('bin/busybox', fs.readFileSync(busybox), 0o755);
  for (const applet of execFileSync(busybox, ['--list']).toString().split('\n')) if (applet && applet !== 'busybox') root.link(`bin/${applet}`, '/bin/busybox');
  for (const file of modules) root.file(path.basename(file), fs.readFileSync(file));
  root.file('scenario.sh', scenario);
  root.file('init', INIT, 0o755);
  return root.bytes();
}

function boot(vmlinux, initrd, timeoutSeconds) {
  return new Promise((resolve, reject) => {
    const qemu = spawn('qemu-system-x86_64', ['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', '-no-reboot', '-M', 'pc',
      '-cpu', 'qemu64', '-accel', 'tcg', '-m', '512M', '-smp', '1', '-kernel', vmlinux, '-initrd', initrd,
      '-append', 'console=ttyS0 quiet panic=-1 rdinit=/init nokaslr mitigations=off tsc=reliable no_timer_check'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => qemu.kill('SIGKILL'), timeoutSeconds * 1000);
    const chunks = [];
    qemu.stdout.on('data', (chunk) => chunks.push(chunk));
    qemu.on('error', reject);
    qemu.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8').replaceAll('\r', ''));
    });
  });
}

/**
 * `scenario` is the text of a script for busybox sh, `modules` are files that it finds at /NAME.ko. Returns
 * { status, output, log, crashed }: exit status, text lines, lines of the kernel log; crashed when the machine did not survive.
 */
export async function runScenario({ release, scenario, modules, timeoutSeconds = 120, say }) {
  const vmlinux = vmlinuxOf(release, say);
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => fs.existsSync(file));
  if (!busybox) throw new Error('busybox is not installed (Debian: apt-get install busybox-static)');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kobox-linux-'));
  try {
    const initrd = path.join(folder, 'initrd');
    fs.writeFileSync(initrd, makeInitramfs(busybox, scenario, modules));
    const text = await boot(vmlinux, initrd, timeoutSeconds);
    const part = (from, to) => {
      const start = text.indexOf(`@@${from}\n`);
      if (start < 0) return undefined;
      const end = text.indexOf(`\n@@${to}`, start);
      return text.slice(start + from.length + 3, end < 0 ? undefined : end).replace(/\n$/, '');
    };
    const lines = (piece) => (piece ? piece.split('\n') : []);
    const status = /@@end (\d+)/.exec(text)?.[1];
    return {
      status: status === undefined ? null : Number(status),
      output: lines(part('output', 'log')),
      log: lines(part('log', 'end') ?? part('begin', 'output')).filter((line) => line !== ''),
      crashed: status === undefined,
    };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
