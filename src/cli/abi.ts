// kobox abi: the kernel releases that kobox can be.
import { AbiError } from '../host/node/main.ts';
import { abiAdd, type AbiEntry, abiList, abiOpen, abiRemove, abiShow } from '../host/node/abi-store.ts';
import { complain, messageOf, print, say } from './output.ts';
import { type Options, STATUS } from './status.ts';

export function abi([action, ...args]: readonly string[], options: Options): number {
  try {
    switch (action) {
      case 'list': return list(options);
      case 'add': return add(args, options);
      case 'show': return show(args, options);
      case 'remove': return remove(args);
      default: return usage();
    }
  } catch (error) {
    if (!(error instanceof AbiError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    complain(messageOf(error));
    return STATUS.failed;
  }
}

function list(options: Options): number {
  const entries = abiList();
  if (options['json']) print(`${JSON.stringify(entries, null, 2)}\n`);
  else for (const { release, version, path, isDefault } of entries) print(`${release.padEnd(28)} ${isDefault ? 'default, ships with kobox' : path}\n    ${version}\n`);
  return STATUS.ok;
}

function add([file, symvers]: readonly string[], options: Options): number {
  if (file === undefined) return usage();
  const release = options['release'];
  const entry: AbiEntry = abiAdd(file, { ...(symvers !== undefined && { symvers }), ...(typeof release === 'string' && { release }) });
  say(`added ${entry.release} (${(entry.sizeBytes / (1 << 20)).toFixed(1)} MiB) as ${entry.path}`);
  return STATUS.ok;
}

function show(names: readonly string[], options: Options): number {
  if (names.length === 0) return usage();
  const opened = abiOpen(options['abi'] === undefined ? undefined : String(options['abi']));
  // `struct file` may come as one argument or as two.
  print(abiShow(opened, names.join(' ')));
  return STATUS.ok;
}

function remove([release]: readonly string[]): number {
  if (release === undefined) return usage();
  if (abiRemove(release)) return STATUS.ok;
  complain(`${release} was never added`);
  return STATUS.failed;
}

function usage(): number {
  complain('usage: kobox abi list | add FILE [Module.symvers] | show NAME | remove RELEASE');
  return STATUS.usage;
}
