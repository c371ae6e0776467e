// Reports against the texts that Debian's kernels print for the same events (spec section 11). The processor is a fake that
// hands out a fixed stack.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Abi } from '../../abi/abi.ts';
import { addressAt, KERNEL_BASE, type Ptr } from '../../base/ptr.ts';
import { MemoryFault, Ram } from '../../base/ram.ts';
import type { Cpu, GuestException } from '../../cpu/api.ts';
import { VECTOR } from '../../cpu/api.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../cpu/layout.ts';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import { RAX, RBX, RCX, RSP } from '../../ir/ir.ts';
import { KernelPanic, TaskKilled } from '../errors.ts';
import { KernelImage } from '../image.ts';
import { type BugSite, Exceptions } from './exceptions.ts';
import type { FixupEntry } from './fixup.ts';
import { Panic, type PanicOptions } from './panic.ts';
import { frameText, type OopsReport } from './report.ts';
import { KernelTaints } from './taints.ts';

const abi61 = loadDefaultAbi();
const abi612 = { kernelVersion: [6, 12], release: '6.12.1-amd64', version: '#1 SMP PREEMPT_DYNAMIC Debian 6.12.1-1 (2026-01-01)' } as unknown as Abi;

/** Module text with two functions: `commit` at +0x40, `init` at +0x80. */
const TEXT = KERNEL_BASE + 0x40_0000;
const COMMIT = TEXT + 0x40;
const INIT = TEXT + 0x80;
const STACK = KERNEL_BASE + 0x8_0000;

class Bench {
  readonly ram = new Ram(32 << 20);
  readonly image = new KernelImage();
  readonly taints = new KernelTaints();
  readonly context = { preemptCount: 0, areInterruptsDisabled: false };
  readonly lines: string[] = [];
  readonly reports: OopsReport[] = [];
  readonly bugs = new Map<Ptr, BugSite>();
  readonly fixups = new Map<Ptr, FixupEntry>();
  /** Return addresses above the instruction. */
  stack: Ptr[];
  readonly panic: Panic;
  readonly exceptions: Exceptions;

  constructor(abi: Abi = abi61, options: PanicOptions = {}) {
    this.stack = [INIT + 0x1f, this.image.callSite('do_one_initcall')];
    const symbolize = (address: Ptr) => {
      const kernel = this.image.textSymbolAt(address);
      if (kernel) return { name: kernel.name, offset: address - kernel.address, size: kernel.size, module: null };
      if (address >= COMMIT && address < INIT) return { name: 'commit', offset: address - COMMIT, size: 0x40, module: 'null' };
      return address >= INIT && address < INIT + 0x80 ? { name: 'init', offset: address - INIT, size: 0x80, module: 'null' } : undefined;
    };
    this.panic = new Panic({
      ram: this.ram, abi, image: this.image, taints: this.taints, context: this.context, options,
      cpu: { unwind: () => this.stack.map((pc) => ({ pc, sp: 0, isReliable: true })) } as unknown as Cpu,
      log: { printk: (level: number, text: string) => { this.lines.push(`<${level}>${text}`); } },
      symbols: { symbolize, addressOf: () => undefined }, tasks: { current: { pid: 97, comm: 'insmod', address: 0, uid: 0 } },
      linkedIn: () => 'null(OE+) hello(OE)', stack: () => ({ base: STACK, size: 0x4000 }),
      sourceLine: (address) => (address >= COMMIT && address < INIT ? { file: 'null.c', line: 23 } : undefined),
    });
    this.panic.onReport = (report) => { this.reports.push(report); };
    this.exceptions = new Exceptions(this.panic, { bugEntry: (a) => this.bugs.get(a), exceptionFixup: (a) => this.fixups.get(a) }, (address) => (address >>> 0).toString(16).padStart(16, '0'));
  }

  exception(vector: number, options: Partial<GuestException> & { pc?: Ptr; rflags?: number } = {}): GuestException {
    const regs = new BigInt64Array(16);
    regs[RSP] = BigInt(STACK + 0x3f00);
    regs[RBX] = -2n;
    return { vector, errorCode: 0, address: 0, detail: '', frame: { functionName: 'commit', pc: options.pc ?? COMMIT + 0x19, regs, rflags: options.rflags ?? 0x246 }, ...options };
  }
  /** What the handler throws. */
  killed(exception: GuestException): unknown {
    try {
      this.exceptions.handle(exception);
    } catch (thrown) {
      return thrown;
    }
    return undefined;
  }
  /** Lines without registers and code, which have their own test. */
  get text(): string[] { return this.lines.filter((line) => !/R[A-Z0-9]{2}: [\da-f]{16} R|CS: |FS: |Code: |RSP: /.test(line)); }
}

let bench: Bench;
beforeEach(() => { bench = new Bench(); });

describe('page faults', () => {
  test('NULL: the whole report', () => {
    bench.taints.add('O');
    bench.taints.add('E');
    bench.ram.writeBytes(COMMIT + 0x19, Uint8Array.from([0x8b, 0x47, 0x30]));
    const thrown = bench.killed(bench.exception(VECTOR.PF, { address: 0x30 }));
    expect(thrown).toBeInstanceOf(TaskKilled);
    expect(thrown).toMatchObject({ signal: 9, summary: 'BUG: kernel NULL pointer dereference, address: 0000000000000030' });
    const release = `${abi61.release} #1  ${/Debian \S+/.exec(abi61.version)![0]}`;
    expect(bench.text).toEqual([
      '<1>BUG: kernel NULL pointer dereference, address: 0000000000000030', '<1>#PF: supervisor read access in kernel mode', '<1>#PF: error_code(0x0000) - not-present page',
      '<6>PGD 0 P4D 0 ', '<4>Oops: 0000 [#1] PREEMPT SMP NOPTI', `<4>CPU: 0 PID: 97 Comm: insmod Tainted: G           OE      ${release}`,
      '<4>RIP: 0010:commit+0x19/0x40 [null]', '<4>CR2: 0000000000000030 CR3: 0000000005f36000 CR4: 00000000000006f0', '<4>Call Trace:', '<4> <TASK>', '<4> init+0x1f/0x80 [null]',
      '<4> do_one_initcall+0x5/0x10', '<4> do_init_module+0x5/0x10', '<4> __do_sys_finit_module+0x5/0x10', '<4> do_syscall_64+0x5/0x10', '<4> entry_SYSCALL_64_after_hwframe+0x5/0x10',
      '<4> </TASK>', '<4>Modules linked in: null(OE+) hello(OE)', '<4>CR2: 0000000000000030', '<4>---[ end trace 0000000000000000 ]---', '<4>RIP: 0010:commit+0x19/0x40 [null]',
      '<4>CR2: 0000000000000030 CR3: 0000000005f36000 CR4: 00000000000006f0',
    ]);
    expect(bench.taints.has('D')).toBe(true);
    expect(bench.panic.oopsCount).toBe(1);
  });
  test('registers and code bytes', () => {
    bench.ram.writeBytes(COMMIT + 0x19 - 42, Uint8Array.from({ length: 64 }, (_, i) => i));
    bench.ram.writePtr(addressAt(CPU_BLOCK_OFFSET + BLOCK.gsBase), KERNEL_BASE + 0x1000);
    bench.killed(bench.exception(VECTOR.PF));
    const at = bench.lines.findIndex((line) => line.includes('RIP: '));
    expect(bench.lines.slice(at + 1, at + 10)).toEqual([
      `<4>Code: ${Array.from({ length: 64 }, (_, i) => (i === 42 ? '<2a>' : i.toString(16).padStart(2, '0'))).join(' ')}`, '<4>RSP: 0018:ffffffff80083f00 EFLAGS: 00000246',
      '<4>RAX: 0000000000000000 RBX: fffffffffffffffe RCX: 0000000000000000', '<4>RDX: 0000000000000000 RSI: 0000000000000000 RDI: 0000000000000000',
      '<4>RBP: 0000000000000000 R08: 0000000000000000 R09: 0000000000000000', '<4>R10: 0000000000000000 R11: 0000000000000000 R12: 0000000000000000',
      '<4>R13: 0000000000000000 R14: 0000000000000000 R15: 0000000000000000', '<4>FS:  0000000000000000(0000) GS:ffffffff80001000(0000) knlGS:0000000000000000',
      '<4>CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033',
    ]);
  });
  test('unreadable code', () => {
    bench.killed(bench.exception(VECTOR.PF, { errorCode: 0x10, pc: 0 }));
    expect(bench.lines).toContain('<4>Code: Unable to access opcode bytes at 0xffffffffffffffd6.');
    expect(bench.lines).toContain('<4>RIP: 0010:0x0');
  });
  test.each([
    [0x2, 0x30, 'write access', 'not-present page', 'BUG: kernel NULL pointer dereference, address: 0000000000000030'],
    [0x0, -0x7000_0000_0000, 'read access', 'not-present page', 'BUG: unable to handle page fault for address: ffff900000000000'],
    [0x3, TEXT, 'write access', 'permissions violation', 'BUG: unable to handle page fault for address: ffffffff80400000'],
    [0x10, 0x500000, 'instruction fetch', 'not-present page', 'BUG: unable to handle page fault for address: 0000000000500000'],
  ])('error code %i at %i', (errorCode, address, access, reason, first) => {
    bench.killed(bench.exception(VECTOR.PF, { errorCode, address }));
    expect(bench.lines.slice(0, 3)).toEqual([`<1>${first}`, `<1>#PF: supervisor ${access} in kernel mode`, `<1>#PF: error_code(0x${errorCode.toString(16).padStart(4, '0')}) - ${reason}`]);
  });
  test('a jump into data: the exploit line first, a trace of guesses', () => {
    bench.killed(bench.exception(VECTOR.PF, { errorCode: 0x11, address: TEXT, pc: TEXT }));
    expect(bench.lines[0]).toBe('<2>kernel tried to execute NX-protected page - exploit attempt? (uid: 0)');
    expect(bench.lines).toContain('<4> ? init+0x1f/0x80 [null]');
  });
  test('a call to NULL leaves a good stack', () => {
    bench.killed(bench.exception(VECTOR.PF, { errorCode: 0x10, address: 0, pc: 0 }));
    expect(bench.lines).toContain('<4> init+0x1f/0x80 [null]');
  });
  test('a stack of nonsense ends the trace', () => {
    bench.stack = [INIT + 0x1f, 0x4141_4141_4000, bench.image.callSite('do_one_initcall')];
    bench.killed(bench.exception(VECTOR.PF));
    const at = bench.lines.indexOf('<4> <TASK>');
    expect(bench.lines.slice(at + 1, at + 3)).toEqual(['<4> init+0x1f/0x80 [null]', '<4> </TASK>']);
  });
  test('interrupts are still off when the address can be no user address, or the code may not sleep', () => {
    const note = (address: number, preemptCount = 0, rflags = 0x246): string[] => {
      const fresh = new Bench();
      fresh.context.preemptCount = preemptCount;
      fresh.killed(fresh.exception(VECTOR.PF, { address, rflags }));
      expect(fresh.context).toEqual({ preemptCount: 0, areInterruptsDisabled: false });
      return fresh.lines.filter((line) => line.includes('note:'));
    };
    expect(note(0)).toEqual([]);
    expect(note(-0x7000_0000_0000)).toEqual(['<6>note: insmod[97] exited with irqs disabled']);
    expect(note(0, 0, 0x46)).toEqual(['<6>note: insmod[97] exited with irqs disabled']);
    expect(note(0, 1)).toEqual(['<6>note: insmod[97] exited with irqs disabled', '<6>note: insmod[97] exited with preempt_count 1']);
  });
  test('later oopses repeat the code of the first', () => {
    bench.killed(bench.exception(VECTOR.PF, { address: 0x30 }));
    bench.lines.length = 0;
    bench.killed(bench.exception(VECTOR.PF, { address: 0x40, pc: INIT + 4 }));
    expect(bench.lines.filter((line) => line.includes('RIP:'))).toEqual(['<4>RIP: 0010:init+0x4/0x80 [null]', '<4>RIP: 0010:commit+0x19/0x40 [null]']);
    expect(bench.lines).toContain('<4>Oops: 0000 [#2] PREEMPT SMP NOPTI');
    expect(bench.lines.filter((line) => line.startsWith('<4>CR2: 0000000000000040 CR3'))).toHaveLength(2);
  });
  test('of the kernel itself, at a pointer of a module', () => {
    expect(() => bench.exceptions.kernelFault(new MemoryFault(0x10, 8, true), 'strlen')).toThrow(expect.objectContaining({ signal: 9 }));
    expect(bench.lines).toContain('<1>#PF: error_code(0x0002) - not-present page');
    expect(bench.lines).toContain('<4>RIP: 0010:strlen+0x5/0x10');
  });
});

describe('other exceptions', () => {
  test.each([[VECTOR.DE, 'divide error'], [VECTOR.UD, 'invalid opcode'], [VECTOR.SS, 'stack segment']])('vector %i', (vector, name) => {
    expect(bench.killed(bench.exception(vector))).toMatchObject({ signal: 11 });
    expect(bench.lines[0]).toBe(`<4>${name}: 0000 [#1] PREEMPT SMP NOPTI`);
    expect(bench.lines.some((line) => line.startsWith('<4>CR2: 0000000000000000') && !line.includes('CR3'))).toBe(false);
  });
  test('a general protection fault names the address of the operand', () => {
    // mov dword [rax], 1
    bench.ram.writeBytes(COMMIT + 0x19, Uint8Array.from([0xc7, 0x00, 1, 0, 0, 0]));
    const exception = bench.exception(VECTOR.GP);
    exception.frame.regs[RAX] = BigInt.asIntN(64, 0xdead000000000100n);
    bench.killed(exception);
    expect(bench.lines[0]).toBe('<4>general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] PREEMPT SMP NOPTI');
    const canonical = new Bench();
    canonical.ram.writeBytes(COMMIT + 0x19, Uint8Array.from([0xc7, 0x00, 1, 0, 0, 0]));
    canonical.killed(canonical.exception(VECTOR.GP));
    expect(canonical.lines[0]).toBe('<4>general protection fault, maybe for address 0x0: 0000 [#1] PREEMPT SMP NOPTI');
  });
  test('a page fault at a non-canonical address is a general protection fault', () => {
    bench.killed(bench.exception(VECTOR.PF, { address: -2401263026318606000 }));
    expect(bench.lines[0]).toMatch(/^<4>general protection fault/);
  });
  test('int3 and a used-up stack stop the machine', () => {
    expect(bench.killed(bench.exception(VECTOR.BP))).toBeInstanceOf(KernelPanic);
    expect(bench.lines).toContain('<4>int3: 0000 [#1] PREEMPT SMP NOPTI');
    expect(bench.lines.slice(-3)).toEqual(['<0>Kernel panic - not syncing: Fatal exception in interrupt', '<0>Kernel Offset: disabled', '<0>---[ end Kernel panic - not syncing: Fatal exception in interrupt ]---']);
    const deep = new Bench();
    expect(deep.killed(deep.exception(VECTOR.PF, { detail: 'stack overflow' }))).toBeInstanceOf(KernelPanic);
    expect(deep.lines.slice(0, 2)).toEqual(['<0>BUG: TASK stack guard page was hit at 000000008007fff8 (stack is 0000000080080000..0000000080084000)', '<4>stack guard page: 0000 [#1] PREEMPT SMP NOPTI']);
  });
  test('an oops in an interrupt stops the machine', () => {
    bench.context.preemptCount = 0x100;
    expect(bench.killed(bench.exception(VECTOR.PF))).toBeInstanceOf(KernelPanic);
    expect(bench.panic.panicText).toBe('Kernel panic - not syncing: Fatal exception in interrupt');
  });
  test('an instruction that kobox lacks is named', () => {
    bench.killed(bench.exception(VECTOR.UD, { detail: 'undecodable: vpxor' }));
    expect(bench.lines[0]).toBe('<1>kobox: undecodable: vpxor at commit+0x19/0x40 [null]');
  });
  test('the exception table: registers change, execution goes on elsewhere', () => {
    const resume = (entry: Partial<FixupEntry>): GuestException => {
      bench.fixups.set(COMMIT + 0x19, { fixup: COMMIT + 0x30, type: 1, register: 0, immediate: 0, ...entry });
      const exception = bench.exception(VECTOR.PF, { address: 0x10 });
      exception.frame.regs[RCX] = 5n;
      expect(bench.exceptions.handle(exception)).toBe('resume');
      expect(exception.frame.pc).toBe(COMMIT + 0x30);
      return exception;
    };
    resume({});
    expect(resume({ type: 2 }).frame.regs[RAX]).toBe(14n);
    expect(resume({ type: 17, register: RBX, immediate: -14 }).frame.regs[RBX]).toBe(-14n);
    expect(resume({ type: 19, register: RBX, immediate: 8 }).frame.regs[RCX]).toBe(38n);
    expect(bench.lines).toEqual([]);
    bench.fixups.set(COMMIT + 0x19, { fixup: 0, type: 99, register: 0, immediate: 0 });
    expect(bench.killed(bench.exception(VECTOR.PF))).toBeInstanceOf(TaskKilled);
  });
});

describe('WARN and BUG of modules', () => {
  const site = (options: Partial<BugSite>): BugSite & { marks: number } => {
    const made = { file: 'null.c', line: 7, isWarning: true, isOnce: false, isDone: false, hasCutHere: false, taint: 9, marks: 0, markDone: () => { made.marks++; }, ...options };
    return made;
  };
  test('a WARN is reported and skipped', () => {
    bench.bugs.set(COMMIT + 0x19, site({}));
    const exception = bench.exception(VECTOR.UD);
    expect(bench.exceptions.handle(exception)).toBe('resume');
    expect(exception.frame.pc).toBe(COMMIT + 0x1b);
    expect(bench.text.slice(0, 4)).toEqual(['<4>------------[ cut here ]------------', '<4>WARNING: CPU: 0 PID: 97 at null.c:7 commit+0x19/0x40 [null]', '<4>Modules linked in: null(OE+) hello(OE)', expect.stringMatching(/^<4>CPU: 0 PID: 97 Comm: insmod Not tainted 6/)]);
    expect(bench.lines.at(-1)).toBe('<4>---[ end trace 0000000000000000 ]---');
    expect(bench.taints.text).toBe('Tainted: G        W         ');
    expect(bench.panic.warnCount).toBe(1);
  });
  test('its own text came with the cut-here line; ONCE and a taint of its own', () => {
    bench.bugs.set(COMMIT + 0x19, site({ hasCutHere: true, taint: 10 }));
    bench.exceptions.handle(bench.exception(VECTOR.UD));
    expect(bench.lines[0]).toMatch(/^<4>WARNING/);
    expect(bench.taints.has('C')).toBe(true);
    const once = site({ isOnce: true });
    bench.bugs.set(COMMIT + 0x19, once);
    bench.exceptions.handle(bench.exception(VECTOR.UD));
    expect(once.marks).toBe(1);
    bench.lines.length = 0;
    bench.bugs.set(COMMIT + 0x19, site({ isOnce: true, isDone: true }));
    expect(bench.exceptions.handle(bench.exception(VECTOR.UD))).toBe('resume');
    expect(bench.lines).toEqual([]);
  });
  test('a BUG ends the task', () => {
    bench.bugs.set(COMMIT + 0x19, site({ isWarning: false }));
    expect(bench.killed(bench.exception(VECTOR.UD))).toMatchObject({ signal: 11, summary: 'kernel BUG at null.c:7!' });
    expect(bench.lines.slice(0, 3)).toEqual(['<4>------------[ cut here ]------------', '<2>kernel BUG at null.c:7!', '<4>invalid opcode: 0000 [#1] PREEMPT SMP NOPTI']);
  });
});

describe('reports of the kernel', () => {
  const callVfree = (): void => {
    // call vfree, from init: what the stack shows is the address behind it.
    const target = bench.image.text('vfree');
    bench.ram.writeU8(INIT + 0x1a, 0xe8);
    bench.ram.writeU32(INIT + 0x1b, target - (INIT + 0x1f));
  };
  test('warn: text, place, and the exported function that the module called', () => {
    callVfree();
    bench.panic.warn({ file: 'mm/vmalloc.c', line: 2727, symbol: '__vunmap' }, 'Trying to vfree() bad address');
    expect(bench.lines.slice(0, 3)).toEqual(['<4>------------[ cut here ]------------', '<4>Trying to vfree() bad address', '<4>WARNING: CPU: 0 PID: 97 at mm/vmalloc.c:2727 __vunmap+0x5/0x10']);
    const at = bench.lines.indexOf('<4> <TASK>');
    expect(bench.lines.slice(at + 1, at + 3)).toEqual(['<4> vfree+0x5/0x10', '<4> init+0x1f/0x80 [null]']);
  });
  test('bug', () => {
    expect(() => bench.panic.bug({ file: 'lib/string_helpers.c', line: 1027, symbol: 'fortify_panic' })).toThrow(expect.objectContaining({ signal: 11 }));
    expect(bench.lines[1]).toBe('<2>kernel BUG at lib/string_helpers.c:1027!');
  });
  test('dump_stack', () => {
    bench.panic.dumpStack();
    expect(bench.text[0]).toMatch(/^<4>CPU: 0 PID: 97/);
    expect(bench.text.slice(1, 5)).toEqual(['<4>Call Trace:', '<4> <TASK>', '<4> dump_stack_lvl+0x5/0x10', '<4> init+0x1f/0x80 [null]']);
    bench.stack = [];
    bench.lines.length = 0;
    bench.panic.dumpStack('do_init_module', 3);
    expect(bench.lines).toContain('<3> __do_sys_finit_module+0x5/0x10');
  });
  test('scheduling while atomic', () => {
    bench.context.preemptCount = 1;
    bench.panic.schedulingWhileAtomic(['schedule', 'schedule_timeout', 'msleep']);
    expect(bench.lines.slice(0, 2)).toEqual(['<3>BUG: scheduling while atomic: insmod/97/0x00000002', '<4>Modules linked in: null(OE+) hello(OE)']);
    expect(bench.lines.filter((line) => /^<4> [a-z_]/.test(line)).slice(0, 6).map((line) => line.slice(4).split('+')[0])).toEqual(['dump_stack_lvl', '__schedule_bug.cold', '__schedule', 'schedule', 'schedule_timeout', 'msleep']);
    expect(bench.taints.has('W')).toBe(true);
  });
  test('a task that never gives the processor back', () => {
    expect(() => bench.exceptions.exhausted(bench.exception(VECTOR.UD).frame)).toThrow(expect.objectContaining({ signal: 9 }));
    expect(bench.lines.slice(0, 2)).toEqual(['<0>watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [insmod:97]', '<4>Modules linked in: null(OE+) hello(OE)']);
    expect(bench.lines).toContain('<4>RIP: 0010:commit+0x19/0x40 [null]');
    expect(bench.taints.has('L')).toBe(true);
  });
  test('panic', () => {
    expect(() => bench.panic.panic('my panic 5\n')).toThrow(KernelPanic);
    expect(bench.text[0]).toBe('<0>Kernel panic - not syncing: my panic 5');
    expect(bench.text.slice(2, 7).map((line) => line.split('+')[0])).toEqual(['<4>Call Trace:', '<4> <TASK>', '<4> dump_stack_lvl', '<4> panic', '<4> init']);
    expect(bench.text.at(-1)).toBe('<0>---[ end Kernel panic - not syncing: my panic 5 ]---');
    const quick = new Bench(abi61, { panicTimeout: -1 });
    expect(() => quick.panic.panic('x')).toThrow();
    expect(quick.lines.at(-1)).toBe('<0>Kernel Offset: disabled');
    const slow = new Bench(abi61, { panicTimeout: 30 });
    expect(() => slow.panic.panic('x')).toThrow();
    expect(slow.lines.at(-1)).toBe('<0>Rebooting in 30 seconds..');
  });
  test('panic_on_oops, panic_on_warn, hardware name', () => {
    const strict = new Bench(abi61, { panicOnOops: true, panicOnWarn: true, hardwareName: 'A machine, BIOS 1' });
    expect(strict.killed(strict.exception(VECTOR.DE))).toMatchObject({ message: 'Kernel panic - not syncing: Fatal exception' });
    expect(strict.lines).toContain('<4>Hardware name: A machine, BIOS 1');
    const warned = new Bench(abi61, { panicOnWarn: true });
    expect(() => warned.panic.warn({ file: 'a.c', line: 1, symbol: 'f' }, '')).toThrow('kernel: panic_on_warn set ...');
  });
});

test('6.12 words some lines differently', () => {
  bench = new Bench(abi612);
  bench.taints.add('O');
  bench.killed(bench.exception(VECTOR.PF, { address: 0x30 }));
  expect(bench.text.slice(4, 8)).toEqual(['<4>Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI', '<4>CPU: 0 UID: 0 PID: 97 Comm: insmod Tainted: G           O       6.12.1-amd64 #1  Debian 6.12.1-1', '<4>Tainted: [O]=OOT_MODULE', '<4>RIP: 0010:commit+0x19/0x40 [null]']);
  expect(bench.lines).toContain('<4> idempotent_init_module+0x5/0x10');
  const divided = new Bench(abi612);
  divided.killed(divided.exception(VECTOR.DE));
  expect(divided.lines[0]).toBe('<4>Oops: divide error: 0000 [#1] PREEMPT SMP NOPTI');
  expect(divided.lines[1]).toContain('UID: 0 PID: 97 Comm: insmod Not tainted 6.12.1');
});

test('a report as data: frames with source lines, and the text of the log', () => {
  bench.killed(bench.exception(VECTOR.PF, { address: 0x30 }));
  const [report] = bench.reports;
  expect(report).toMatchObject({ kind: 'oops', address: COMMIT + 0x19, summary: 'BUG: kernel NULL pointer dereference, address: 0000000000000030' });
  expect(report!.frames.slice(0, 3).map(frameText)).toEqual(['commit+0x19/0x40 [null] (null.c:23)', 'init+0x1f/0x80 [null]', 'do_one_initcall+0x5/0x10']);
  expect(report!.text).toBe(bench.lines.map((line) => `${line.slice(3)}\n`).join(''));
});

test('taints', () => {
  const taints = new KernelTaints();
  expect(taints.text).toBe('Not tainted');
  taints.add('P');
  taints.add('N');
  expect([taints.mask, taints.text, taints.names]).toEqual([0x40001, 'Tainted: P                 N', '[P]=PROPRIETARY_MODULE, [N]=TEST']);
});
