// The demonstration of `npm start`: three real modules are linked into a running kernel and leave it again, and one fails.
// Everything comes from the public API; the observer tells what the loader does.
import fs from 'node:fs';
import path from 'node:path';

const hex = (address) => `0x${BigInt.asUintN(64, BigInt(address)).toString(16).padStart(16, '0')}`;
const line = (text = '') => process.stdout.write(`${text}\n`);
const heading = (text) => line(`\n== ${text}`);
const step = (what, text) => line(`   ${what.padEnd(13)} ${text}`);

/** Prints what happens to modules, one line per step. The first module is shown in full, of the others only what differs. */
class Narrator {
  #symbols = new Map();
  #sections = new Map();
  #isFirst = true;

  sectionPlaced(_module, { name, address, size, flags, isInit }) {
    if (this.#isFirst) step('section', `${name.padEnd(26)} ${String(size).padStart(6)} bytes at ${hex(address)} ${flags.padEnd(3)}${isInit ? ' freed after init' : ''}`);
    const kind = flags.includes('X') ? 'code' : flags.includes('W') ? 'data' : 'read-only';
    this.#sections.set(kind, (this.#sections.get(kind) ?? 0) + size);
  }
  symbolResolved(_module, symbol, address, from) {
    this.#symbols.set(from, [...(this.#symbols.get(from) ?? []), address === 0 ? `${symbol} (weak, absent)` : symbol]);
  }
  relocated(_module, counts) {
    step('laid out', [...this.#sections].map(([kind, size]) => `${size} bytes of ${kind}`).join(', '));
    for (const [from, names] of this.#symbols) step('symbols', `from ${from === 'kernel' ? 'the kernel' : `module ${from}`}: ${names.join(', ')}`);
    this.#symbols.clear();
    this.#sections.clear();
    this.#isFirst = false;
    step('relocations', [...counts].map(([type, n]) => `${n} x ${type}`).join(', '));
  }
  parameterSet(_module, name, value) { step('parameter', `${name} = ${value ?? '(no value)'}`); }
  stateChanged(module, state) { step('state', `${module} is ${state}`); }
  initCalled(_module, address) { step('init', `runs at ${hex(address)}`); }
  initReturned(_module, result) { step('init', `returned ${result}`); }
  exitCalled(_module, address) { step('exit', `runs at ${hex(address)}`); }
}

/** The kernel log behind a bar, exactly as dmesg prints it. An oops ends with its registers once more, which are left out. */
function logPrinter(consoleText) {
  let isAfterTrace = false;
  return (record) => {
    const text = consoleText(record);
    if (!isAfterTrace) process.stdout.write(text.replace(/^(?=.)/gm, '   | '));
    if (/---\[ end trace /.test(text)) isAfterTrace = true;
  };
}

function showModules(kernel) {
  heading('The module list (/proc/modules)');
  for (const module of kernel.modules()) {
    const uses = module.uses.length ? `, uses ${module.uses.join(' ')}` : '';
    const users = module.users.length ? ` by ${module.users.join(' ')}` : '';
    line(`   ${module.name.padEnd(12)} ${String(module.coreSize).padStart(6)} bytes, ${module.state}, used ${module.refcount} times${users}${uses}`);
  }
}

export function demonstrate({ boot, consoleText, Errno }, folder) {
  const started = performance.now();
  const kernel = boot({ onLog: logPrinter(consoleText) });
  heading(`Booted as Linux ${kernel.release}, in ${Math.round(performance.now() - started)} ms`);
  line('   The modules below are real ones: C source in modules/, built by kbuild for Debian 12.');
  line('   Lines behind a bar are the kernel log.');
  kernel.observe(new Narrator());

  const insmod = (name, parameters = '') => {
    const file = path.join(folder, `${name}.ko`);
    heading(`insmod ${name}.ko ${parameters}`.trimEnd());
    step('file', `${fs.statSync(file).size} bytes of x86-64 machine code and data`);
    kernel.insmod(file, parameters);
  };
  insmod('hello', 'n=2');
  insmod('exporter');
  insmod('user');
  showModules(kernel);

  heading('rmmod exporter, while user needs it');
  try {
    kernel.rmmod('exporter');
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    step('refused', `${error.code}: another module uses its symbols`);
  }
  heading('echo 5 > /sys/module/hello/parameters/n');
  kernel.writeFile('/sys/module/hello/parameters/n', '5\n');
  step('reads back', kernel.readFile('/sys/module/hello/parameters/n').trim());
  heading("A call from outside into the module's code: exporter_add(40, 2)");
  step('returned', String(kernel.call('exporter_add', 40, 2)));

  for (const name of ['user', 'exporter', 'hello']) {
    heading(`rmmod ${name}`);
    kernel.rmmod(name);
  }
  heading('A module that reads through NULL: only its own task dies, the kernel goes on');
  kernel.observe(undefined);
  try {
    kernel.insmod(path.join(folder, 'null.ko'), 'at_init=1');
  } catch (error) {
    step('insmod', `killed: ${error.summary ?? error.message}`);
  }
  showModules(kernel);
  line(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s. Next: node bin/kobox.js --help, and README.md.`);
}
