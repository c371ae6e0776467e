// How much of a distribution kobox can take: every module of Debian's kernel package, parsed, its symbols resolved, every
// function decoded and lifted. Prints a table; downloads the package once with apt-get (tools/linux/kernel.mjs).
//
//   node tools/run.mjs tools/debian-survey.ts [--release RELEASE] [--every N] [--json FILE]
//
// --every N looks at each N-th module only. A module counts as resolved when kobox has every kernel symbol that it and the
// modules it depends on import; that it then works is not said.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { boot, describeModule, loadDefaultAbi, type ModuleDescription, readModuleFile, surveyTranslation, type TranslationSurvey } from '../src/host/node/main.ts';
import { abiOpen } from '../src/host/node/abi-store.ts';
import { fetchKernel } from './linux/kernel.mjs';

const { values } = parseArgs({ options: { release: { type: 'string' }, every: { type: 'string', default: '1' }, json: { type: 'string' } } });
const abi = values.release === undefined ? loadDefaultAbi() : abiOpen(values.release);
const kernel = boot({ abi });
const folder = path.join(fetchKernel(abi.release, (text: string) => console.error(text)), 'lib', 'modules', abi.release);

interface Surveyed {
  readonly file: string;
  readonly description: ModuleDescription;
  readonly survey: TranslationSurvey;
}

const progress = (text: string): void => { if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(78).slice(0, 78)}`); };
const fraction = (part: number, whole: number): string => `${part} of ${whole} (${whole === 0 ? '-' : (100 * part / whole).toFixed(2)} %)`;

function* modulesUnder(place: string): Iterable<string> {
  for (const entry of fs.readdirSync(place, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) yield* modulesUnder(path.join(place, entry.name));
    else if (/\.ko(\.xz)?$/.test(entry.name)) yield path.join(place, entry.name);
  }
}

const nameOf = (file: string): string => path.basename(file).replace(/\.ko(\.xz)?$/, '').replaceAll('-', '_');
const all = [...modulesUnder(folder)];
const files = all.filter((_file, i) => i % Number(values.every) === 0);
const surveyed: Surveyed[] = [];
const unreadable: string[] = [];
/** Which module exports a symbol; of modules that are not looked at, their names suffice. */
const providers = new Map<string, string>();

const started = performance.now();
const wanted = new Set(files);
for (const [i, file] of all.entries()) {
  progress(`${i + 1}/${all.length} ${nameOf(file)}`);
  try {
    const bytes = readModuleFile(file);
    const description = describeModule(bytes);
    for (const { name } of description.exports) providers.set(name, nameOf(file));
    if (wanted.has(file)) surveyed.push({ file: nameOf(file), description, survey: surveyTranslation(bytes) });
  } catch (error) {
    unreadable.push(`${nameOf(file)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
progress('');
const seconds = (performance.now() - started) / 1000;

// Symbols: what a module needs of the kernel, its dependencies included.
const byName = new Map(surveyed.map((module) => [module.file, module]));
const missingOf = new Map<string, Set<string>>();
function missing(name: string, trail: ReadonlySet<string> = new Set()): Set<string> {
  const known = missingOf.get(name);
  if (known) return known;
  const result = new Set<string>();
  for (const { name: symbol, isWeak } of byName.get(name)?.description.imports ?? []) {
    if (isWeak || kernel.parts.exports.resolve(symbol)) continue;
    const provider = providers.get(symbol);
    if (provider === undefined || provider === name) result.add(symbol);
    else if (!trail.has(provider)) for (const more of missing(provider, new Set([...trail, name]))) result.add(more);
  }
  missingOf.set(name, result);
  return result;
}
const resolved = surveyed.filter(({ file }) => missing(file).size === 0);
const demand = new Map<string, number>();
for (const { file } of surveyed) for (const symbol of missing(file)) demand.set(symbol, (demand.get(symbol) ?? 0) + 1);

// Instructions.
const sum = (pick: (survey: TranslationSurvey) => number): number => surveyed.reduce((total, { survey }) => total + pick(survey), 0);
const lacking = new Map<string, { count: number; modules: Set<string> }>();
for (const { file, survey } of surveyed) {
  for (const { mnemonic, count } of survey.untranslated) {
    const entry = lacking.get(mnemonic) ?? { count: 0, modules: new Set<string>() };
    entry.count += count;
    entry.modules.add(file);
    lacking.set(mnemonic, entry);
  }
}
const byCount = <T>(map: Map<string, T>, count: (value: T) => number): [string, T][] => [...map].sort((a, b) => count(b[1]) - count(a[1]) || (a[0] < b[0] ? -1 : 1));

console.log(`modules of ${abi.release}: ${surveyed.length} looked at in ${seconds.toFixed(0)} s`);
console.log(`parsed                     ${fraction(surveyed.length, surveyed.length + unreadable.length)}`);
for (const line of unreadable) console.log(`  ${line}`);
console.log(`symbols all resolved       ${fraction(resolved.length, surveyed.length)}`);
console.log(`functions fully translated ${fraction(sum((s) => s.nrTranslated), sum((s) => s.nrFunctions))}`);
console.log(`modules fully translated   ${fraction(surveyed.filter(({ survey }) => survey.untranslated.length === 0).length, surveyed.length)}`);
const nrLacking = [...lacking.values()].reduce((total, { count }) => total + count, 0);
console.log(`instructions without translation ${fraction(nrLacking, sum((s) => s.nrInstructions))}`);
for (const [mnemonic, { count, modules }] of byCount(lacking, ({ count: n }) => n).slice(0, 40)) console.log(`  ${mnemonic.padEnd(16)} ${String(count).padStart(8)} in ${modules.size} modules`);
console.log('symbols missing most');
for (const [symbol, count] of byCount(demand, (n) => n).slice(0, 30)) console.log(`  ${symbol.padEnd(40)} ${String(count).padStart(5)} modules`);
if (values.json !== undefined) {
  fs.writeFileSync(values.json, JSON.stringify(surveyed.map(({ file, survey }) => ({ module: file, missing: [...missing(file)], ...survey })), null, 1));
}
