// Runs a scenario on kobox: a small shell whose commands (busybox.ts) use the public API only. What it prints is what busybox
// sh and its applets print on Linux.
import { KernelPanic, TaskKilled } from '../../src/index.ts';
import { COMMANDS, type Console } from './busybox.ts';
import { type Machine, messageOf } from './machine.ts';
import { type Command, parseScript, type Statement, type Word } from './shell-parser.ts';

export interface Outcome {
  /** null when the machine did not survive. */
  readonly status: number | null;
  readonly output: string[];
}

const KILLED: Readonly<Record<number, string>> = { 9: 'Killed', 11: 'Segmentation fault' };
/** Commands that run in the shell itself: killing them kills it. */
const BUILTINS = new Set(['echo', 'cd', 'true']);

class Shell {
  readonly #machine: Machine;
  readonly #variables = new Map<string, string>();
  readonly #scriptName: string;
  /** Everything printed: standard output and standard error of a scenario are one stream. */
  readonly printed: string[] = [];
  status = 0;

  constructor(machine: Machine, scriptName: string) {
    this.#machine = machine;
    this.#scriptName = scriptName;
  }

  run(script: readonly Statement[], out: (text: string) => void): void {
    for (const statement of script) {
      if (statement.kind === 'for') {
        for (const value of this.#expandAll(statement.words)) {
          this.#variables.set(statement.name, value);
          this.run(statement.body, out);
        }
      } else if (statement.onlyAfter === undefined || (statement.onlyAfter === 'success') === (this.status === 0)) {
        this.#pipeline(statement.commands, statement.line, out);
      }
    }
  }

  #pipeline(commands: readonly Command[], line: number, out: (text: string) => void): void {
    let input = '';
    commands.forEach((command, i) => {
      let piped = '';
      const isLast = i === commands.length - 1;
      this.status = this.#command(command, line, input, isLast ? out : (text) => { piped += text; });
      input = piped;
    });
  }

  #command({ words, target }: Command, line: number, input: string, out: (text: string) => void): number {
    const [name = '', ...args] = this.#expandAll(words);
    let written = '';
    const file = target && this.#machine.resolve(this.#expand(target));
    if (file !== undefined && file !== '/dev/null' && !this.#machine.isWritable(file)) {
      this.#error(`${this.#scriptName}: line ${line}: can't create ${this.#expand(target!)}: ${this.#machine.creationProblem(file)}`);
      return 1;
    }
    const console: Console = { input, out: file === undefined ? out : (text) => { written += text; }, err: (text) => this.#error(text) };
    let status: number;
    try {
      status = name === 'sh' ? this.#subshell(args, console) : this.#applet(name, args, console);
      if (file !== undefined && file !== '/dev/null') status = this.#write(file, written);
    } catch (error) {
      if (!(error instanceof TaskKilled) || BUILTINS.has(name)) throw error;
      this.#error(KILLED[error.signal] ?? `Signal ${error.signal}`);
      return 128 + error.signal;
    }
    return status;
  }
  #applet(name: string, args: readonly string[], console: Console): number {
    const command = COMMANDS[name];
    if (!command) throw new Error(`the scenario uses '${name}', which test/conformance/busybox.ts lacks`);
    return command(this.#machine, args, console);
  }
  #subshell(args: readonly string[], console: Console): number {
    if (args[0] !== '-c' || args[1] === undefined) throw new Error('sh is understood as sh -c TEXT only');
    const shell = new Shell(this.#machine, 'sh');
    try {
      shell.run(parseScript(args[1]), console.out);
    } finally {
      this.printed.push(...shell.printed);
    }
    return shell.status;
  }
  #write(file: string, text: string): number {
    try {
      this.#machine.kernel.writeFile(file, text);
      return 0;
    } catch (error) {
      this.#error(`sh: write error: ${messageOf(error)}`);
      return 1;
    }
  }

  #error(text: string): void { this.printed.push(`${text}\n`); }
  #expandAll(words: readonly Word[]): string[] {
    return words.flatMap((word) => {
      const text = this.#expand(word);
      const isSplit = word.some((part) => part.kind !== 'text' && !part.isQuoted);
      return isSplit ? text.split(/[ \t\n]+/).filter(Boolean) : [text];
    });
  }
  #expand(word: Word): string {
    return word.map((part) => {
      if (part.kind === 'text') return part.text;
      if (part.kind === 'variable') return part.name === '?' ? String(this.status) : (this.#variables.get(part.name) ?? '');
      let text = '';
      this.run(part.script, (more) => { text += more; });
      return text.replace(/\n+$/, '');
    }).join('');
  }
}

/** Runs the text of a scenario called `name`. */
export function runScript(machine: Machine, name: string, script: string): Outcome {
  const shell = new Shell(machine, `/scenarios/${name}.sh`);
  const lines = (): string[] => {
    const text = shell.printed.join('');
    return text === '' ? [] : text.replace(/\n$/, '').split('\n');
  };
  try {
    shell.run(parseScript(script), (text) => { shell.printed.push(text); });
  } catch (error) {
    if (error instanceof KernelPanic) return { status: null, output: [] };
    if (!(error instanceof TaskKilled)) throw error;
    shell.printed.push(`${KILLED[error.signal] ?? `Signal ${error.signal}`}\n`);
    return { status: 128 + error.signal, output: lines() };
  }
  return { status: shell.status, output: lines() };
}
