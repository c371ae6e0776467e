// One message of the kernel log, and the texts in which readers see it: console and dmesg, syslog(2), /dev/kmsg.
// Linux: kernel/printk/printk.c; Documentation/ABI/testing/dev-kmsg.

/** The device that a message is about: the dictionary of /dev/kmsg. */
export interface RecordDevice { readonly subsystem: string; readonly device: string }

export interface LogRecord {
  readonly sequence: number;
  /** 0 for the kernel's own messages. */
  readonly facility: number;
  /** 0 (emerg) .. 7 (debug). */
  readonly level: number;
  /** A KERN_CONT part that found nothing to continue. */
  readonly isFragment: boolean;
  readonly timestampNs: bigint;
  /** Latin-1 bytes without the final newline; may hold several lines. */
  readonly text: string;
  readonly device: RecordDevice | undefined;
}

/** `[    0.012345] `: seconds in five columns or more. */
export function stampText(timestampNs: bigint): string {
  const microseconds = timestampNs / 1000n;
  const fraction = (microseconds % 1_000_000n).toString().padStart(6, '0');
  return `[${(microseconds / 1_000_000n).toString().padStart(5)}.${fraction}] `;
}

/** Every line of the record with its stamp and a newline, as the console and dmesg show it. */
export const consoleText = (record: LogRecord): string => prefixed(record, stampText(record.timestampNs));

/** The same with `<N>` in front, N = facility * 8 + level: syslog(2), /proc/kmsg, `dmesg -r`. */
export const syslogText = (record: LogRecord): string => prefixed(record, `<${priority(record)}>${stampText(record.timestampNs)}`);

const prefixed = (record: LogRecord, prefix: string): string => record.text.split('\n').map((line) => `${prefix}${line}\n`).join('');

/** One read of /dev/kmsg. */
export function kmsgText(record: LogRecord): string {
  const microseconds = record.timestampNs / 1000n;
  const head = `${priority(record)},${record.sequence},${microseconds},${record.isFragment ? 'c' : '-'};${escaped(record.text)}\n`;
  if (!record.device) return head;
  return `${head} SUBSYSTEM=${escaped(record.device.subsystem)}\n DEVICE=${escaped(record.device.device)}\n`;
}

const priority = (record: LogRecord): number => record.facility * 8 + record.level;
const escaped = (text: string): string => text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
