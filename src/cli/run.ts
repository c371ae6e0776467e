// kobox run: the life of modules from insmod to rmmod, the kernel log on standard output.
import { performance } from 'node:perf_hooks';
import { boot, consoleText, Errno, type Kernel, KernelPanic, LoadError, type NodeBootOptions, TaskKilled } from '../host/node/main.ts';
import { complain, messageOf, print, say } from './output.ts';
import { type Options, STATUS } from './status.ts';

interface ModuleArgument { readonly file: string; readonly parameters: string[] }

const MODULE_FILE = /\.ko(\.(xz|gz|zst))?$/;

/** `hello.ko n=2 other.ko`: parameters belong to the module before them. undefined when the first argument is no module. */
export function groupArguments(args: readonly string[]): ModuleArgument[] | undefined {
  const modules: ModuleArgument[] = [];
  for (const arg of args) {
    // A value may end in .ko; a file name has no = in front of it.
    if (MODULE_FILE.test(arg) && !/^[\w-]+=/.test(arg)) modules.push({ file: arg, parameters: [] });
    else if (modules.length === 0) return undefined;
    else modules.at(-1)!.parameters.push(arg);
  }
  return modules;
}

export async function run(args: readonly string[], options: Options): Promise<number> {
  const modules = groupArguments(args);
  const level = options['log-level'] === undefined ? 8 : Number(options['log-level']);
  const engine = options['engine'] ?? 'wasm';
  if (!modules) return usage(`'${args[0]}' is not a module file (NAME.ko)`);
  if (!Number.isInteger(level) || level < 0 || level > 8) return usage('--log-level is a number from 0 to 8');
  if (engine !== 'wasm' && engine !== 'interp') return usage('--engine is wasm or interp');

  const times: [what: string, ms: number][] = [];
  const measure = <T>(what: string, work: () => T): T => {
    const start = performance.now();
    try {
      return work();
    } finally {
      times.push([what, performance.now() - start]);
    }
  };
  let kernel: Kernel;
  try {
    const bootOptions: NodeBootOptions = {
      engine,
      onLog: (record) => { if (record.level < level) print(Buffer.from(consoleText(record), 'latin1').toString()); },
      ...(options['abi'] !== undefined && { abi: (await import('../host/node/abi-store.ts')).abiOpen(String(options['abi'])) }),
      ...(options['trace'] && { onCall: (await import('./trace.ts')).printCall }),
    };
    kernel = measure('boot', () => boot(bootOptions));
  } catch (error) {
    complain(messageOf(error));
    return STATUS.failed;
  }
  const status = loadAndUnload(kernel, modules, measure);
  if (options['stats']) (await import('./stats.ts')).printStats(kernel, times);
  return status;
}

type Measure = <T>(what: string, work: () => T) => T;

/** A module that cannot be loaded ends the run; the ones before it are unloaded. */
function loadAndUnload(kernel: Kernel, modules: readonly ModuleArgument[], measure: Measure): number {
  const loaded: string[] = [];
  let status: number = STATUS.ok;
  try {
    for (const { file, parameters } of modules) {
      const known = new Set(kernel.modules().map((module) => module.name));
      status = attempt(file, () => measure(`insmod ${file}`, () => kernel.insmod(file, parameters.join(' '))));
      if (status !== STATUS.ok) break;
      const name = kernel.modules().find((module) => !known.has(module.name))?.name;
      if (name !== undefined) loaded.push(name);
    }
    for (const name of loaded.reverse()) {
      const result = attempt(name, () => measure(`rmmod ${name}`, () => kernel.rmmod(name)));
      if (status === STATUS.ok) status = result;
    }
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error;
    complain(`the kernel panicked: ${error.message}`);
    return STATUS.panic;
  }
  return status;
}

function attempt(what: string, work: () => void): number {
  try {
    work();
    return STATUS.ok;
  } catch (error) {
    if (error instanceof TaskKilled) {
      complain(`${what}: oops: ${error.summary}`);
      return STATUS.oops;
    }
    if (error instanceof LoadError) {
      complain(`${what}: refused with ${error.code}`);
      for (const issue of error.issues) say(`  ${issue.text}`);
      return STATUS.failed;
    }
    if (error instanceof Errno || (error as NodeJS.ErrnoException).code !== undefined) {
      complain(`${what}: ${messageOf(error)}`);
      return STATUS.failed;
    }
    throw error;
  }
}

function usage(problem: string): number {
  complain(`run: ${problem}`);
  return STATUS.usage;
}
