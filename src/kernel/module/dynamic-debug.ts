// pr_debug() and dev_dbg() sites of modules, and the queries that turn them on: `dyndbg=` at load, writes to
// /proc/dynamic_debug/control (spec 5.7). A site prints when its static key is enabled; its flags say with which prefix.
// Linux: lib/dynamic_debug.c; Documentation/admin-guide/dynamic-debug-howto.rst.

import type { Abi, Field } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Log } from '../services.ts';
import type { JumpLabels } from './jump-labels.ts';
import { KERN_ERR } from './load-report.ts';
import type { LoadedModule } from './loaded-module.ts';

const PRINT = 1;
/** In the order the control file shows them. */
const FLAGS: readonly (readonly [letter: string, bit: number])[] = [['p', PRINT], ['m', 2], ['f', 4], ['s', 32], ['l', 8], ['t', 16]];

interface Query {
  readonly func?: string;
  readonly file?: string;
  readonly module?: string;
  readonly format?: string;
  readonly lines?: readonly [first: number, last: number];
}
interface FlagChange { readonly operator: '+' | '-' | '='; readonly mask: number }

/** `*` and `?` as in the shell, over the whole text. */
function matchesWildcard(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's').test(text);
}

const escapeFormat = (text: string): string => text.replace(/[\n\t"\\]/g, (c) => (c === '\n' ? '\\n' : c === '\t' ? '\\t' : `\\${c}`));
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export class DynamicDebug {
  readonly #ram: Ram;
  readonly #log: Log;
  readonly #jumpLabels: JumpLabels;
  readonly sizeBytes: number;
  readonly #texts: Readonly<Record<'modname' | 'function' | 'filename' | 'format', number>>;
  readonly #line: Field;
  readonly #flags: Field;
  readonly #key: number;
  constructor(ram: Ram, abi: Abi, log: Log, jumpLabels: JumpLabels) {
    const layout = abi.struct<string>('_ddebug');
    this.#ram = ram;
    this.#log = log;
    this.#jumpLabels = jumpLabels;
    this.sizeBytes = layout.sizeBytes;
    this.#texts = { modname: layout.offset('modname'), function: layout.offset('function'), filename: layout.offset('filename'), format: layout.offset('format') };
    this.#line = layout.field('lineno');
    this.#flags = layout.field('flags');
    this.#key = layout.offset('key');
  }

  /** Text of the control file for the modules given. */
  control(modules: Iterable<LoadedModule>): string {
    let text = '# filename:lineno [module]function flags format\n';
    for (const module of modules) {
      for (const site of this.#sites(module)) {
        text += `${this.#text(site, 'filename')}:${this.#line.read(this.#ram, site)} [${this.#text(site, 'modname')}]${this.#text(site, 'function')} =${this.#flagLetters(site)} "${escapeFormat(this.#text(site, 'format'))}"\n`;
      }
    }
    return text;
  }
  /** Runs queries separated by `;` or newlines. A bad one is logged; returns false then. */
  execute(queries: string, modules: readonly LoadedModule[], onlyModule?: string): boolean {
    let isGood = true;
    for (const text of queries.split(/[;\n]/)) {
      const words = this.#words(text);
      if (words.length > 0 && !this.#executeOne(words, modules, onlyModule)) isGood = false;
    }
    return isGood;
  }

  #executeOne(words: readonly string[], modules: readonly LoadedModule[], onlyModule: string | undefined): boolean {
    const change = this.#parseFlags(words.at(-1)!);
    if (!change) return this.#complain('flags parse failed');
    const query = this.#parseQuery(words.slice(0, -1));
    if (!query) return this.#complain('query parse failed');
    for (const module of modules) {
      if ((onlyModule !== undefined && module.name !== onlyModule) || (query.module !== undefined && !matchesWildcard(query.module, module.name))) continue;
      for (const site of this.#sites(module)) if (this.#matches(site, query)) this.#change(site, change);
    }
    return true;
  }
  #complain(text: string): false {
    this.#log.printk(KERN_ERR, `dyndbg: ${text}`);
    return false;
  }
  #words(text: string): string[] {
    const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
    const comment = words.findIndex((word) => word.startsWith('#'));
    return comment < 0 ? words : words.slice(0, comment);
  }
  #parseFlags(text: string): FlagChange | undefined {
    const operator = text[0];
    if (operator !== '+' && operator !== '-' && operator !== '=') {
      this.#complain(`bad flag-op ${operator}, at start of ${text}`);
      return undefined;
    }
    let mask = 0;
    for (const letter of text.slice(1)) {
      const flag = FLAGS.find((candidate) => candidate[0] === letter);
      if (!flag && letter !== '_') {
        this.#complain(`unknown flag '${letter}'`);
        return undefined;
      }
      mask |= flag?.[1] ?? 0;
    }
    return { operator, mask };
  }
  #parseQuery(words: readonly string[]): Query | undefined {
    if (words.length % 2 !== 0) {
      this.#complain('expecting pairs of match-spec <value>');
      return undefined;
    }
    const query: Record<string, string | readonly [number, number]> = {};
    for (let i = 0; i < words.length; i += 2) {
      const keyword = words[i]!;
      const value = words[i + 1]!;
      switch (keyword) {
        case 'func': case 'module': case 'format': query[keyword] = value; break;
        case 'file': {
          const [name = '', rest] = value.split(':');
          query['file'] = name;
          if (rest === undefined) break;
          const lines = this.#parseLines(rest);
          if (lines) query['lines'] = lines;
          else query['func'] = rest;
          break;
        }
        case 'line': {
          const lines = this.#parseLines(value);
          if (!lines) {
            this.#complain(`bad line-number: ${value}`);
            return undefined;
          }
          query['lines'] = lines;
          break;
        }
        default:
          this.#complain(`unknown keyword "${keyword}"`);
          return undefined;
      }
    }
    return query;
  }
  /** `N`, `N-`, `-N`, `N-M`. */
  #parseLines(text: string): readonly [number, number] | undefined {
    const match = /^(\d*)(-?)(\d*)$/.exec(text);
    if (!match || text === '' || text === '-') return undefined;
    const first = Number(match[1] || 0);
    return [first, match[2] === '' ? first : Number(match[3] || Number.MAX_SAFE_INTEGER)];
  }
  #matches(site: Ptr, query: Query): boolean {
    if (query.func !== undefined && !matchesWildcard(query.func, this.#text(site, 'function'))) return false;
    if (query.file !== undefined) {
      const file = this.#text(site, 'filename');
      if (!matchesWildcard(query.file, file) && !matchesWildcard(query.file, baseName(file))) return false;
    }
    if (query.format !== undefined) {
      const format = this.#text(site, 'format');
      if (!(query.format.startsWith('^') ? format.startsWith(query.format.slice(1)) : format.includes(query.format))) return false;
    }
    const line = Number(this.#line.read(this.#ram, site));
    return query.lines === undefined || (line >= query.lines[0] && line <= query.lines[1]);
  }
  #change(site: Ptr, { operator, mask }: FlagChange): void {
    const before = Number(this.#flags.read(this.#ram, site));
    const after = operator === '+' ? before | mask : operator === '-' ? before & ~mask : mask;
    if (after === before) return;
    this.#flags.write(this.#ram, site, after);
    if ((before & PRINT) === 0 && (after & PRINT) !== 0) this.#jumpLabels.enable(site + this.#key);
    if ((before & PRINT) !== 0 && (after & PRINT) === 0) this.#jumpLabels.disable(site + this.#key);
  }

  *#sites(module: LoadedModule): Iterable<Ptr> {
    for (let i = 0; i < module.debugSites.count; i++) yield module.debugSites.address + i * this.sizeBytes;
  }
  #text(site: Ptr, field: 'modname' | 'function' | 'filename' | 'format'): string {
    const address = this.#ram.readPtr(site + this.#texts[field]);
    return this.#ram.has(address, 1) ? this.#ram.cstring(address, 4096) : '';
  }
  #flagLetters(site: Ptr): string {
    const flags = Number(this.#flags.read(this.#ram, site));
    return FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([letter]) => letter).join('') || '_';
  }
}
