// The applets that scenarios use, as busybox 1.35 behaves: what they print, and their exit statuses (spec 10.8, observed).
import { Errno, TaskKilled } from '../../src/index.ts';
import { type Machine, messageOf } from './machine.ts';

export interface Console {
  readonly input: string;
  out(text: string): void;
  err(text: string): void;
}
type Applet = (machine: Machine, args: readonly string[], console: Console) => number;

/** A failed insmod is tried twice: finit_module(2), then init_module(2). Linux logs its reasons twice. */
const insmod: Applet = (machine, [file = '', ...parameters], console) => {
  const bytes = machine.moduleBytes(file);
  if (!bytes) {
    console.err(`insmod: can't insert '${file}': No such file or directory`);
    return 254;
  }
  const text = parameters.map((parameter) => `${parameter} `).join('');
  let problem: Errno | undefined;
  for (const call of ['finit_module', 'init_module']) {
    // init_module refuses what is shorter than an ELF header before it says anything.
    if (call === 'init_module' && bytes.length < 64) break;
    try {
      machine.kernel.insmod(bytes, text);
      return 0;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      problem = error;
    }
  }
  console.err(`insmod: can't insert '${file}': ${insmodMessage(problem!)}`);
  return problem!.errno & 0xff;
};
const insmodMessage = (error: Errno): string =>
  error.code === 'ENOEXEC' ? 'invalid module format' : error.code === 'ENOENT' ? 'unknown symbol in module, or unknown parameter' : messageOf(error);

const rmmod: Applet = (machine, [name = ''], console) => {
  try {
    machine.kernel.rmmod(name.replaceAll('-', '_'), 0x800);
    return 0;
  } catch (error) {
    if (error instanceof TaskKilled) throw error;
    console.err(`rmmod: can't unload module '${name}': ${messageOf(error)}`);
    return 1;
  }
};

const lsmod: Applet = (machine, _args, console) => {
  const mask = Number(machine.kernel.readFile('/proc/sys/kernel/tainted'));
  const taint = mask === 0 ? '    Not tainted' : `    Tainted: ${mask & 1 ? 'P' : 'G'}${mask & 2 ? 'F' : ' '}${mask & 4 ? 'S' : ' '}`;
  console.out(`Module                  Size  Used by${taint}\n`);
  for (const line of machine.kernel.readFile('/proc/modules').split('\n')) {
    const [name, size, refcount, users] = line.split(' ');
    if (name && size) console.out(`${name.padEnd(19)} ${size.padStart(8)}  ${refcount} ${users === '-' ? '' : users!.replace(/,$/, '')}\n`);
  }
  return 0;
};

const cat: Applet = (machine, files, console) => {
  let status = 0;
  for (const file of files) {
    try {
      console.out(machine.kernel.readFile(machine.resolve(file)));
    } catch (error) {
      const isRefusedRead = error instanceof Errno && error.code === 'EPERM';
      console.err(isRefusedRead ? `cat: read error: ${messageOf(error)}` : `cat: can't open '${file}': ${messageOf(error)}`);
      status = 1;
    }
  }
  return status;
};

const ls: Applet = (machine, folders, console) => {
  let isFirst = true;
  let status = 0;
  for (const folder of folders.length ? folders.toSorted() : ['.']) {
    try {
      const names = machine.list(folder).filter((name) => !name.startsWith('.'));
      if (folders.length > 1) console.out(`${isFirst ? '' : '\n'}${folder}:\n`);
      for (const name of names) console.out(`${name}\n`);
      isFirst = false;
    } catch (error) {
      console.err(`ls: ${folder}: ${messageOf(error)}`);
      status = 1;
    }
  }
  return status;
};

const echo: Applet = (_machine, args, console) => {
  const hasNewline = args[0] !== '-n';
  console.out(args.slice(hasNewline ? 0 : 1).join(' ') + (hasNewline ? '\n' : ''));
  return 0;
};

const cd: Applet = (machine, [folder = '/'], console) => {
  try {
    machine.list(folder);
  } catch (error) {
    console.err(`sh: cd: can't cd to ${folder}: ${messageOf(error)}`);
    return 1;
  }
  machine.cwd = machine.resolve(folder);
  return 0;
};

const grep: Applet = (machine, [pattern = '', ...files], console) => {
  const text = files.length ? files.map((file) => machine.kernel.readFile(machine.resolve(file))).join('') : console.input;
  const lines = text.split('\n').filter((line) => line !== '' && new RegExp(pattern).test(line));
  for (const line of lines) console.out(`${line}\n`);
  return lines.length ? 0 : 1;
};

/** cut -d DELIMITER -f FIRST-LAST */
const cut: Applet = (_machine, [d, delimiter = ' ', f, fields = ''], console) => {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(fields) ?? [];
  if (d !== '-d' || f !== '-f' || first === undefined || last === undefined) throw new Error('cut is understood as cut -d C -f N-M only');
  for (const line of console.input.split('\n')) if (line !== '') console.out(`${line.split(delimiter).slice(Number(first) - 1, Number(last)).join(delimiter)}\n`);
  return 0;
};

/** Work that the kernel put off is done by the time a command returns; virtual time need not pass. */
const sleep: Applet = () => 0;

export const COMMANDS: Readonly<Record<string, Applet>> = { insmod, rmmod, lsmod, cat, ls, echo, cd, grep, cut, sleep, true: () => 0 };
