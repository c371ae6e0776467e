// A booted kobox as scenarios see it: files by path (modules at /NAME.ko, the rest from the kernel) and a working directory.
import fs from 'node:fs';
import path from 'node:path';
import { Errno, type Kernel, LoadError } from '../../src/index.ts';

const MESSAGES: Readonly<Record<string, string>> = {
  EPERM: 'Operation not permitted', ENOENT: 'No such file or directory', EINTR: 'Interrupted system call', EIO: 'I/O error', ENOEXEC: 'Exec format error',
  EBADF: 'Bad file descriptor', EAGAIN: 'Resource temporarily unavailable', ENOMEM: 'Cannot allocate memory', EACCES: 'Permission denied', EFAULT: 'Bad address', EBUSY: 'Device or resource busy', EEXIST: 'File exists',
  ENODEV: 'No such device', ENOTDIR: 'Not a directory', EISDIR: 'Is a directory', EINVAL: 'Invalid argument', EFBIG: 'File too large', ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system', ERANGE: 'Numerical result out of range', EBADMSG: 'Bad message', EKEYREJECTED: 'Key was rejected by service',
};

/** strerror(3) of an Errno; anything else is rethrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Errno)) throw error;
  return MESSAGES[error.code] ?? `Unknown error ${error.errno}`;
}
export { LoadError };

export class Machine {
  readonly kernel: Kernel;
  readonly #modules: ReadonlyMap<string, string>;
  cwd = '/';

  /** `modules`: files on the host by module file name. */
  constructor(kernel: Kernel, modules: ReadonlyMap<string, string>) {
    this.kernel = kernel;
    this.#modules = modules;
  }

  resolve(file: string): string { return path.posix.resolve(this.cwd, file); }

  /** Bytes of a module file that the scenario has. */
  moduleBytes(file: string): Uint8Array | undefined {
    const found = this.#modules.get(path.posix.basename(this.resolve(file)));
    return found === undefined ? undefined : fs.readFileSync(found);
  }

  /** Entries of a folder under /sys/module, sorted; throws Errno. */
  list(folder: string): string[] {
    const full = this.resolve(folder);
    if (full !== '/sys/module' && !full.startsWith('/sys/module/')) throw new Errno('ENOENT', full);
    return this.kernel.parts.modules.sysModule.list(full.slice('/sys/module'.length)).map((entry) => entry.name).sort();
  }

  /** Whether open(2) for writing succeeds. */
  isWritable(file: string): boolean { return this.creationProblem(file) === undefined; }
  /** What open(2) with O_CREAT says; nothing can be created under /sys and /proc. */
  creationProblem(file: string): string | undefined {
    if (!file.startsWith('/sys/module/')) return undefined;
    const folder = path.posix.dirname(file).slice('/sys/module'.length);
    try {
      const entry = this.kernel.parts.modules.sysModule.list(folder).find((candidate) => candidate.name === path.posix.basename(file));
      return entry?.kind === 'file' && (entry.mode & 0o222) !== 0 ? undefined : MESSAGES['EACCES'];
    } catch (error) {
      messageOf(error);
      return 'nonexistent directory';
    }
  }
}
