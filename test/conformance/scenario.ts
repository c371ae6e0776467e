// A scenario: a script for busybox sh with a head of comment lines, and beside it one recorded transcript per kernel series.
//
//   # What it shows.
//   # modules: exporter user          NAME.ko lies at /NAME.ko
//   # keep: registers                 optional, see normalise.ts
import fs from 'node:fs';
import path from 'node:path';
import type { Keep } from './normalise.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly modules: readonly string[];
  readonly keep: readonly Keep[];
  readonly script: string;
}

export interface Transcript {
  /** Kernel release it was recorded on. */
  readonly kernel: string;
  /** Exit status of the script; null when the machine did not survive. */
  readonly status: number | null;
  readonly output: readonly string[];
  readonly log: readonly string[];
}

export const SCENARIOS = 'test/conformance/scenarios';

export function readScenarios(root: string): Scenario[] {
  const folder = path.join(root, SCENARIOS);
  return fs.readdirSync(folder).filter((file) => file.endsWith('.sh')).sort().map((file) => {
    const script = fs.readFileSync(path.join(folder, file), 'utf8');
    const head = /^(?:#.*\n)*/.exec(script)?.[0] ?? '';
    const words = (key: string): string[] => (new RegExp(`^# ${key}: (.*)$`, 'm').exec(head)?.[1] ?? '').split(' ').filter(Boolean);
    return { name: file.slice(0, -3), title: head.split('\n')[0]?.slice(2) ?? '', modules: words('modules'), keep: words('keep') as Keep[], script };
  });
}

export const transcriptFile = (root: string, name: string, series: string): string => path.join(root, SCENARIOS, `${name}.${series}.json`);

export function readTranscript(root: string, name: string, series: string): Transcript | undefined {
  const file = transcriptFile(root, name, series);
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Transcript) : undefined;
}
