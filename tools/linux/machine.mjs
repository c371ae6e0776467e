// Real Linux under QEMU (TCG), ready to run shell scenarios: booted once to a prompt, saved, and resumed for each scenario, so
// that every one starts from the same fresh boot and costs about a second.
// Needs qemu-system-x86, busybox-static and, for a kernel that is not in the cache yet, apt-get.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Initramfs } from './initramfs.mjs';
import { vmlinuxOf } from './kernel.mjs';

const MACHINE = ['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', '-no-reboot', '-M', 'pc', '-cpu', 'qemu64', '-accel', 'tcg', '-m', '512M', '-smp', '1'];
// Indirect calls stay calls of a thunk, as compiled: patched to shorter ones, their return addresses would differ.
const MITIGATIONS = 'nopti retbleed=off spectre_v2=retpoline';
const COMMAND_LINE = `console=ttyS0 quiet panic=-1 rdinit=/init nokaslr ${MITIGATIONS} tsc=reliable no_timer_check randomize_kstack_offset=off`;

// The name of the scenario comes over the console, again and again until the machine runs and understands it.
const INIT = `#!/bin/busybox sh
export PATH=/bin:/sbin HOME=/root
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t debugfs debug /sys/kernel/debug; mount -t configfs config /sys/kernel/config 2>/dev/null
dmesg -n 1; stty -onlcr -echo </dev/console 2>/dev/null
cd /
echo "@@ready"; while read name </dev/console; do [ -f "/scenarios/$name.sh" ] && break; done
dmesg -c >/dev/null
echo "@@begin"; dmesg -n 8
sh /scenarios/$name.sh </dev/null >/tmp/out 2>&1; s=$?
dmesg -n 1; echo; echo "@@output"; cat /tmp/out; echo; echo "@@log"; dmesg -c; echo; echo "@@end $s"
sleep 1000
`;

function makeInitramfs(modules, scenarios) {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => fs.existsSync(file));
  if (!busybox) throw new Error('busybox is not installed (Debian: apt-get install busybox-static)');
  const root = new Initramfs();
  for (const name of ['dev', 'proc', 'sys', 'tmp', 'bin', 'sbin', 'etc', 'root']) root.folder(name);
  root.device('dev/console', 5, 1);
  root.device('dev/null', 1, 3);
  root.file('bin/busybox', fs.readFileSync(busybox), 0o755);
  for (const applet of execFileSync(busybox, ['--list']).toString().split('\n')) if (applet && applet !== 'busybox') root.link(`bin/${applet}`, '/bin/busybox');
  for (const file of modules) root.file(path.basename(file), fs.readFileSync(file));
  for (const [name, text] of scenarios) root.file(`scenarios/${name}.sh`, text);
  root.file('init', INIT, 0o755);
  return root.bytes();
}

/** Sends commands of the QEMU machine protocol, one after the other. */
async function control(socketPath, commands) {
  const socket = net.connect(socketPath);
  let text = '';
  let wake = () => {};
  socket.on('data', (chunk) => { text += chunk; wake(); });
  const reply = async () => {
    for (;;) {
      const end = text.indexOf('\n');
      if (end >= 0) {
        const message = JSON.parse(text.slice(0, end));
        text = text.slice(end + 1);
        if (message.error) throw new Error(`QEMU: ${message.error.desc}`);
        if ('return' in message) return message.return;
      } else await new Promise((resolve) => { wake = resolve; });
    }
  };
  const execute = async (name, args = {}) => {
    socket.write(`${JSON.stringify({ execute: name, arguments: args })}\n`);
    return reply();
  };
  await execute('qmp_capabilities');
  await commands(execute);
  socket.destroy();
}

function startQemu(args) {
  const qemu = spawn('qemu-system-x86_64', [...MACHINE, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const machine = { qemu, text: '', closed: undefined, waitFor: undefined };
  let wake = () => {};
  machine.closed = new Promise((resolve, reject) => {
    qemu.on('error', reject);
    qemu.on('close', resolve);
  });
  machine.closed.then(() => wake(), () => wake());
  qemu.stdout.on('data', (chunk) => { machine.text += chunk.toString('latin1'); wake(); });
  machine.waitFor = async (marker) => {
    while (!marker.test(machine.text)) {
      if (qemu.exitCode !== null || qemu.signalCode !== null) throw new Error(`the machine stopped before ${marker}:\n${machine.text.slice(-2000)}`);
      await new Promise((resolve) => { wake = resolve; });
    }
  };
  return machine;
}

function parse(raw) {
  const text = Buffer.from(raw.replaceAll('\r', ''), 'latin1').toString('utf8');
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
  };
}

export class LinuxMachine {
  #folder;
  #args;

  constructor(folder, args) {
    this.#folder = folder;
    this.#args = args;
  }

  /** Boots `release` with the files `modules` at /NAME.ko and saves it; `scenarios` are pairs of name and script. */
  static async prepare({ release, modules, scenarios, say }) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kobox-linux-'));
    const initrd = path.join(folder, 'initrd');
    const socket = path.join(folder, 'control');
    fs.writeFileSync(initrd, makeInitramfs(modules, scenarios));
    const args = ['-kernel', vmlinuxOf(release, say), '-initrd', initrd, '-append', COMMAND_LINE];
    const machine = startQemu([...args, '-qmp', `unix:${socket},server=on,wait=off`]);
    await machine.waitFor(/@@ready/);
    await control(socket, async (execute) => {
      await execute('migrate', { uri: `exec:cat > ${path.join(folder, 'state')}` });
      while ((await execute('query-migrate')).status !== 'completed') await new Promise((resolve) => setTimeout(resolve, 50));
      await execute('quit');
    });
    await machine.closed;
    return new LinuxMachine(folder, args);
  }

  /**
   * Runs a scenario from the saved state: { status, output, log }, lines each. `status` is null when the machine did not
   * survive; the log is then what the console showed.
   */
  async run(name, timeoutSeconds = 60) {
    const machine = startQemu([...this.#args, '-incoming', `exec:cat ${path.join(this.#folder, 'state')}`]);
    const timer = setTimeout(() => machine.qemu.kill('SIGKILL'), timeoutSeconds * 1000);
    const knock = setInterval(() => { if (!machine.text.includes('@@begin')) machine.qemu.stdin.write(`\n${name}\n`); }, 50);
    machine.qemu.stdin.on('error', () => {}); // The machine may stop while a knock is under way.
    await machine.waitFor(/@@end \d+\r?\n/).catch(() => {}); // A panic ends the machine before that.
    machine.qemu.kill('SIGKILL');
    await machine.closed;
    clearInterval(knock);
    clearTimeout(timer);
    return parse(machine.text);
  }

  close() { fs.rmSync(this.#folder, { recursive: true, force: true }); }
}
