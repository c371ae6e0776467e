// Setting parameters from the string given at load (spec 5.3, 5.6): every item is tried, every failure logged, the last one counts.

import type { Sleeping } from '../../cpu/api.ts';
import type { ModuleContext } from './context.ts';
import { KERN_ERR, KERN_WARNING, type LoadReport } from './load-report.ts';
import type { LoadedModule } from './loaded-module.ts';
import { parseBool } from '../number-text.ts';
import { type ParamItem, splitParameters } from './param-string.ts';

const ENOENT = -2;
const ENOSPC = -28;

/** `text` has its guest copy at module.argsAddress. Returns 0 or the last setter's negative errno. */
export function* applyParameters(context: ModuleContext, module: LoadedModule, text: string, report: LoadReport): Sleeping<number> {
  const { items, rest } = splitParameters(text);
  let result = 0;
  for (const item of items) {
    cutOut(context, module, item);
    const error = yield* applyOne(context, module, item, report);
    if (error < 0) {
      result = error;
      report.issue(KERN_ERR, complaint(context, module, item, error), item.name);
    } else context.observer?.parameterSet?.(module.name, item.name, item.value);
  }
  if (rest !== undefined && rest !== '') report.note(KERN_WARNING, `${module.name}: parameters '${rest}' after \`--' ignored`);
  return result;
}

/** Linux splits the string in place: `module->args` is its first name afterwards. */
function cutOut(context: ModuleContext, module: LoadedModule, item: ParamItem): void {
  for (const end of [item.nameEnd, item.valueEnd]) context.deps.ram.writeU8(module.argsAddress + end, 0);
}

function* applyOne(context: ModuleContext, module: LoadedModule, item: ParamItem, report: LoadReport): Sleeping<number> {
  const record = context.parameters.find(module, item.name);
  if (!record) {
    applyUnknown(context, module, item, report);
    return 0;
  }
  if (item.value === undefined) return yield* context.parameters.set(module, record, { text: undefined, address: 0 }, report);
  return yield* context.parameters.set(module, record, { text: item.value, address: module.argsAddress + item.valueStart }, report);
}

/** Names that no record has: two are the loader's own, the others are only remarked upon. */
function applyUnknown(context: ModuleContext, module: LoadedModule, item: ParamItem, report: LoadReport): void {
  if (item.name === 'async_probe') {
    module.isAsyncProbeRequested = parseBool(item.value ?? '') ?? true;
    return;
  }
  const dot = item.name.indexOf('.');
  if (item.name.slice(dot + 1) === 'dyndbg') {
    context.dynamicDebug.execute(item.value ?? '+p', [module], module.name);
    return;
  }
  report.note(KERN_WARNING, `${module.name}: unknown parameter '${dot < 0 ? item.name : item.name.slice(0, dot)}' ignored`);
}

function complaint(context: ModuleContext, module: LoadedModule, item: ParamItem, error: number): string {
  if (error === ENOENT) return `${module.name}: Unknown parameter \`${item.name}'`;
  // The setter of an array has cut the text at its commas by then.
  const value = item.value === undefined ? '' : context.deps.ram.cstring(module.argsAddress + item.valueStart, item.valueEnd - item.valueStart);
  return `${module.name}: \`${value}' ${error === ENOSPC ? 'too large' : 'invalid'} for parameter \`${item.name}'`;
}
