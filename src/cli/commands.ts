// What the command can do: one entry each, from which the options are parsed and the help is printed. The code of a command is
// imported when it is called.

import type { Options } from './status.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** What --help shows for the value: `N`. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly help: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Positional arguments without which it is a mistake to call it. */
  readonly minArguments: number;
  /** Loads the code; the number it returns is the exit status. */
  readonly load: () => Promise<(args: readonly string[], options: Options) => number | Promise<number>>;
}

const abi: OptionSpec = { type: 'string', value: 'RELEASE', help: 'kernel release to be, or a .kabi file (see `kobox abi list`)' };
const json: OptionSpec = { type: 'boolean', help: 'print JSON' };

export const COMMANDS: readonly Command[] = [
  {
    name: 'run', usage: 'FILE.ko [PARAMETER[=VALUE]...] [FILE.ko...]', minArguments: 1,
    help: `Boots, loads the modules in order, prints the kernel log as dmesg prints it, unloads them in reverse.
Exit status: 0 all went well; 1 a load was refused, an init failed or a module cannot be unloaded;
2 wrong usage; 3 a module oopsed; 4 the kernel panicked.`,
    options: {
      abi,
      engine: { type: 'string', value: 'NAME', help: 'interp or wasm (default): how machine code is run' },
      trace: { type: 'boolean', help: 'print calls in and out of the modules with their arguments' },
      'log-level': { type: 'string', value: 'N', help: 'print messages below this level only, 0 to 8 (default 8: all)' },
      stats: { type: 'boolean', help: 'print times and sizes at the end' },
    },
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'info', usage: 'FILE.ko...', minArguments: 1, help: 'Prints what modinfo(8) prints, then sections and exported symbols.',
    options: { json }, load: async () => (await import('./info.ts')).info,
  },
  {
    name: 'check', usage: 'FILE.ko...', minArguments: 1,
    help: `Says why modules would not load or not run, without loading them. What one of them exports the others may use.
Exit status: 0 nothing stands in the way; 1 at least one would be refused.`,
    options: { abi, json }, load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'abi', usage: 'list | add FILE [Module.symvers] | show NAME | remove RELEASE', minArguments: 1,
    help: `Kernel releases that kobox can be. \`add\` takes a vmlinux, a vmlinuz, a linux-image .deb, or a raw BTF file (with
--release and Module.symvers). \`show\` prints the layout of a struct as pahole does, or the prototype of a function.`,
    options: { abi, json, release: { type: 'string', value: 'RELEASE', help: 'uname -r of a raw BTF file' } },
    load: async () => (await import('./abi.ts')).abi,
  },
];
