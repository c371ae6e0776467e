// Where words go: the kernel's to standard output, kobox's own to standard error.
import { writeSync } from 'node:fs';

/** Written at once, so that it keeps its place among the lines of the kernel log and survives whatever comes next. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') throw error; // A pipe whose reader is slow.
    }
  }
}

export const print = (text: string): void => writeAll(1, text);
export const say = (text: string): void => writeAll(2, `${text}\n`);
export const complain = (text: string): void => say(`kobox: ${text}`);

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
