// The small shell that runs scenarios on kobox, against what busybox sh says where both can be asked.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KernelPanic, TaskKilled } from '../../src/index.ts';
import { Machine } from './machine.ts';
import { parseScript } from './shell-parser.ts';
import { runScript } from './shell.ts';

const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => fs.existsSync(file));
/** A machine whose kernel is not asked for anything, unless a test gives it functions. */
const machine = (kernel: object = {}): Machine => new Machine(kernel as Machine['kernel'], new Map());
const run = (script: string): string => runScript(machine(), 'test', script).output.join('\n');

const SCRIPTS = [
  'echo a b   c', "echo 'a  b' \"c  d\" e\\ f", 'echo -n x; echo y', 'echo one; echo two # comment\n# comment\necho three',
  'true && echo yes || echo no', 'nosuch=1\ntrue', 'for x in a b "c d"; do echo "<$x>"; done', 'echo "$(echo inner; echo more)"', 'echo $(echo a; echo b)',
  'for x in 1 2; do echo $x; done; echo "$?"', "echo 'single $x' \"double $x end\"", 'echo a | grep a; echo "$?"', 'echo a | grep b; echo "$?"',
  "echo 'a b c d' | cut -d ' ' -f 2-3", 'sh -c "echo inside; true"; echo "$?"', 'echo quoted > /dev/null; echo "$?"', 'echo "a\\"b"',
].filter((script) => !script.includes('nosuch'));

describe('shell', () => {
  it.skipIf(!busybox)('prints what busybox sh prints', () => {
    for (const script of SCRIPTS) {
      const { stdout } = spawnSync(busybox!, ['sh', '-c', script], { encoding: 'utf8' });
      expect(run(script), script).toBe(stdout.replace(/\n$/, ''));
    }
  });
  it('expands the exit status', () => {
    expect(run('echo a | grep b; echo "was $?"; echo "now $?"')).toBe('was 1\nnow 0');
  });
  it('refuses what it does not understand', () => {
    for (const script of ['echo *', 'cat < /x', 'x & y', '(echo a)', 'echo `x`', 'echo "open', 'for x in a; do echo', 'nosuchcommand']) {
      expect(() => run(script), script).toThrow();
    }
  });
  it('remembers lines for messages', () => {
    const script = parseScript('echo a\n\necho b; echo c\n');
    expect(script.map((statement) => (statement.kind === 'pipeline' ? statement.line : 0))).toEqual([1, 3, 3]);
  });
  it('reports a killed command as the shell does, and dies itself when a builtin is killed', () => {
    const killing = machine({ insmod: () => { throw new TaskKilled(11, ''); }, writeFile: () => { throw new TaskKilled(9, ''); } });
    Object.assign(killing, { moduleBytes: () => new Uint8Array(100), isWritable: () => true });
    expect(runScript(killing, 'test', 'insmod /x.ko; echo "$?"')).toEqual({ status: 0, output: ['Segmentation fault', '139'] });
    expect(runScript(killing, 'test', 'echo a; echo 1 > /sys/x; echo b')).toEqual({ status: 137, output: ['a', 'Killed'] });
    expect(runScript(killing, 'test', 'sh -c "echo 1 > /sys/x"; echo "$?"')).toEqual({ status: 0, output: ['Killed', '137'] });
  });
  it('ends with a panic', () => {
    const panicking = machine({ insmod: () => { throw new KernelPanic('x'); } });
    Object.assign(panicking, { moduleBytes: () => new Uint8Array(100) });
    expect(runScript(panicking, 'test', 'echo a; insmod /x.ko')).toEqual({ status: null, output: [] });
  });
});
