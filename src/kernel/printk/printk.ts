// The printk subsystem put together: the log, the formatter, device names, rate limits. boot.ts builds one; `printkExports` and
// `printfExports` are the tables over it.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { KernelImage } from '../image.ts';
import type { Clock, Reporter, Symbols, Tasks } from '../services.ts';
import { DeviceNames } from './device-text.ts';
import { FormatContext, type PointerView } from './format-context.ts';
import { Formatter } from './format.ts';
import { KernelLog, lineMaxOf, type LogLevels } from './log.ts';
import { type RatelimitState, sharedRatelimit } from './ratelimit.ts';

export interface PrintkParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly image: KernelImage;
  readonly clock: Clock;
  readonly symbols: Symbols;
  readonly tasks: Tasks;
  /** Seed of the boot: decides what %p prints. */
  readonly seed: number;
  readonly jiffies: () => number;
  readonly hz: number;
  readonly reporter: () => Reporter;
  /** What %pK shows to the current task; hashed pointers where not given. */
  readonly pointerView?: () => PointerView;
  /** True outside of task context: text is continued per CPU then, not per task. */
  readonly inInterrupt?: () => boolean;
  readonly bufferBytes?: number;
}

/** `console_printk`: console_loglevel, default_message_loglevel, minimum_console_loglevel, default_console_loglevel. */
const DEFAULT_LEVELS = [7, 4, 1, 7] as const;
/** A microsecond of virtual time per record, so that time stamps tell the order of messages. */
const RECORD_COST_NS = 1000n;
const INTERRUPT_CALLER = 0x8000_0000;

export class Printk {
  readonly parts: PrintkParts;
  readonly log: KernelLog;
  readonly formatter: Formatter;
  readonly context: FormatContext;
  readonly devices: DeviceNames;
  readonly sharedLimit: RatelimitState;
  /** "" in kernel data. */
  readonly emptyString: Ptr<'char'>;
  readonly #levels: Ptr<'int'>;

  constructor(parts: PrintkParts) {
    this.parts = parts;
    this.#levels = parts.image.data('console_printk', 4 * DEFAULT_LEVELS.length, 4);
    this.emptyString = parts.image.data('empty_string', 1, 1);
    DEFAULT_LEVELS.forEach((level, index) => { this.setLevel(index, level); });
    this.context = new FormatContext({
      ram: parts.ram, abi: parts.abi, symbols: parts.symbols, seed: parts.seed, reporter: parts.reporter,
      pointerView: parts.pointerView ?? (() => 'hashed'),
    });
    this.formatter = new Formatter(this.context);
    this.devices = new DeviceNames(parts.ram, parts.abi);
    this.sharedLimit = sharedRatelimit(parts.hz);
    this.log = new KernelLog({
      clock: parts.clock, levels: this.#logLevels(), costNs: RECORD_COST_NS, lineMax: lineMaxOf(parts.abi.kernelVersion),
      callerId: () => (parts.inInterrupt?.() ? INTERRUPT_CALLER : parts.tasks.current.pid),
      ...(parts.bufferBytes === undefined ? {} : { bufferBytes: parts.bufferBytes }),
    });
  }

  /** Address of the four numbers of /proc/sys/kernel/printk. */
  get levelsAddress(): Ptr<'int'> { return this.#levels; }
  level(index: number): number { return this.parts.ram.readI32(this.#levels + 4 * index); }
  setLevel(index: number, level: number): void { this.parts.ram.writeU32(this.#levels + 4 * index, level); }

  /** %p of `pointer`. */
  hashedText(pointer: Ptr): string { return this.context.hash(pointer).toString(16).padStart(16, '0'); }

  #logLevels(): LogLevels {
    const level = (index: number): number => this.level(index);
    return {
      get console(): number { return level(0); },
      get fallback(): number { return level(1); },
    };
  }
}

