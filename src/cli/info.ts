// kobox info: modinfo(8)'s lines (kmod's format), then the sections and exported symbols.
import { resolve } from 'node:path';
import { describeModule, ElfError, type ModuleDescription, type ModuleParameter, type ModuleSignature, readModuleFile } from '../host/node/main.ts';
import { complain, messageOf, print } from './output.ts';
import { type Options, STATUS } from './status.ts';

export function info(files: readonly string[], options: Options): number {
  const described: { file: string; description: ModuleDescription }[] = [];
  let status: number = STATUS.ok;
  for (const file of files) {
    try {
      described.push({ file, description: describeModule(readModuleFile(file)) });
    } catch (error) {
      if (!(error instanceof ElfError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      complain(`${file}: ${messageOf(error)}`);
      status = STATUS.failed;
    }
  }
  if (options['json']) print(`${JSON.stringify(described.map(({ file, description }) => ({ file, ...plain(description) })), null, 2)}\n`);
  else for (const { file, description } of described) print(asText(file, description));
  return status;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':');
const plain = (description: ModuleDescription): object => ({
  ...description,
  signature: description.signature && { ...description.signature, key: hex(description.signature.key), signature: hex(description.signature.signature) },
});

const line = (key: string, value: string): string => `${`${key}:`.padEnd(16)}${value}\n`;

export function modinfoText(file: string, { entries, parameters, signature }: ModuleDescription): string {
  return [
    line('filename', resolve(file)), ...entries.map(([key, value]) => line(key, value)),
    // modinfo collects the parameters in a list that it prints from its end.
    ...(signature ? signatureLines(signature) : []), ...parameters.toReversed().map((parameter) => line('parm', parameterText(parameter))),
  ].join('');
}
const parameterText = ({ name, description, type }: ModuleParameter): string =>
  type === undefined ? `${name}:${description ?? ''}` : description === undefined ? `${name}:${type}` : `${name}:${description} (${type})`;

function signatureLines({ id, signer, key, hash, signature }: ModuleSignature): string[] {
  const rows: string[] = [];
  for (let at = 0; at < signature.length; at += 20) rows.push(hex(signature.subarray(at, at + 20)));
  return [line('sig_id', id), line('signer', signer), line('sig_key', hex(key)), line('sig_hashalgo', hash), line('signature', rows.join(':\n\t\t'))];
}

function asText(file: string, description: ModuleDescription): string {
  const { sections, exports } = description;
  const lines = ['sections:'];
  for (const { name, sizeBytes, flags, nrRelocations, isEmptyInFile } of sections) {
    lines.push(`  ${name.padEnd(28)} ${String(sizeBytes).padStart(8)}  ${flags.padEnd(3)}${isEmptyInFile ? ' not in the file' : ''}${nrRelocations ? ` ${nrRelocations} relocations` : ''}`);
  }
  if (exports.length) lines.push('exports:');
  for (const { name, isGplOnly, crc, namespace } of exports) {
    lines.push(`  ${name.padEnd(36)}${crc === undefined ? '' : ` 0x${crc.toString(16).padStart(8, '0')}`}${isGplOnly ? ' GPL' : ''}${namespace ? ` ${namespace}` : ''}`);
  }
  return `${modinfoText(file, description)}${lines.join('\n')}\n`;
}
