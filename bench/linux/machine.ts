// Debian's kernel under QEMU (TCG), from cold: what kobox is compared with. Needs qemu-system-x86_64, gcc with a static libc, and
// apt-get for a kernel that is not in the cache yet.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Initramfs } from '../../tools/linux/initramfs.mjs';
import { vmlinuxOf } from '../../tools/linux/kernel.mjs';

const MACHINE = ['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', '-no-reboot', '-M', 'pc', '-cpu', 'qemu64', '-accel', 'tcg', '-m', '128M', '-smp', '1'];
const COMMAND_LINE = 'console=ttyS0 quiet panic=-1 rdinit=/init nokaslr mitigations=off tsc=reliable no_timer_check lpj=4000000 random.trust_cpu=on';

export interface LinuxRun {
  /** From the start of QEMU to the module's first line, and to the end of QEMU. */
  readonly firstLineMs: number;
  readonly ms: number;
  readonly peakMiB: number;
  /** Everything on the console. */
  readonly text: string;
}

export class ColdLinux {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kobox-bench-linux-'));
  readonly #kernel: string;

  /** @throws Error when the host lacks something. */
  constructor(release: string, module: string) {
    this.#kernel = vmlinuxOf(release, console.log);
    execFileSync('qemu-system-x86_64', ['--version'], { stdio: 'ignore' });
    const init = join(this.#folder, 'init');
    execFileSync('gcc', ['-O2', '-static', '-o', init, join(process.cwd(), 'bench/linux/init.c')], { stdio: ['ignore', 'ignore', 'pipe'] });
    const root = new Initramfs();
    root.folder('dev');
    root.device('dev/console', 5, 1);
    root.file('module.ko', readFileSync(module));
    root.file('init', readFileSync(init), 0o755);
    writeFileSync(join(this.#folder, 'initrd'), root.bytes());
  }

  /** Boots, loads and unloads the module `name`, then `nrCycles` times more in each way; `marker` is in the module's first line. */
  run(name: string, nrCycles: number, marker: string): Promise<LinuxRun> {
    const start = performance.now();
    const args = [...MACHINE, '-kernel', this.#kernel, '-initrd', join(this.#folder, 'initrd'), '-append', `${COMMAND_LINE} -- ${name} ${nrCycles}`];
    const qemu = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '', firstLineMs = Number.NaN, peakMiB = 0;
    // The high-water mark of a process that has ended is gone: it is read while it runs.
    const watch = setInterval(() => { peakMiB = Math.max(peakMiB, peakOf(qemu.pid!)); }, 20);
    return new Promise((resolve, reject) => {
      qemu.on('error', reject);
      qemu.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (Number.isNaN(firstLineMs) && text.includes(marker)) firstLineMs = performance.now() - start;
      });
      qemu.on('close', (status) => {
        clearInterval(watch);
        if (status === 0) resolve({ firstLineMs, ms: performance.now() - start, peakMiB, text });
        else reject(new Error(`QEMU ended with status ${status}:\n${text.slice(-1000)}`));
      });
    });
  }

  close(): void { rmSync(this.#folder, { recursive: true, force: true }); }
}

function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // It has just ended.
  }
}
