// A struct in RAM as a plain read-only object: `view(abi, ram, 'module', address).state`. Properties are read when they are asked
// for, so a view always shows the present bytes.

import type { Ptr } from '../base/ptr.ts';
import type { Ram } from '../base/ram.ts';
import type { Abi, CType, Field, StructLayout } from './abi.ts';
import { StructField } from './field.ts';

/** What C code would see: pointers are addresses, char arrays are text up to the NUL, other arrays and structs are views. */
export type ViewValue = number | bigint | boolean | string | StructView | readonly ViewValue[];
export interface StructView { readonly [member: string]: ViewValue }

/** The members of `struct NAME` at `address`; those of anonymous structs and unions among them. AbiError if there is no such struct. */
export function view(abi: Abi, ram: Ram, name: string, address: Ptr): StructView {
  return layoutView(abi.struct<string>(name), ram, address);
}

function layoutView(layout: StructLayout, ram: Ram, address: Ptr): StructView {
  const target: StructView = {};
  defineMembers(target, layout, ram, address);
  return target;
}

function defineMembers(target: StructView, layout: StructLayout, ram: Ram, address: Ptr): void {
  for (const member of layout.members) {
    if (member.name !== '') Object.defineProperty(target, member.name, { enumerable: true, get: () => readMember(member, ram, address) });
    else if (member.type.layout) defineMembers(target, member.type.layout, ram, address + member.offset);
  }
}

function readMember(member: Field, ram: Ram, address: Ptr): ViewValue {
  const { type, offset, bitSize } = member;
  if (bitSize > 0) return scalar(member, ram, address);
  return readValue(type, ram, address + offset, () => scalar(member, ram, address));
}

/** `read` gives the value of a scalar. */
function readValue(type: CType, ram: Ram, address: Ptr, read: () => ViewValue): ViewValue {
  if (type.layout) return layoutView(type.layout, ram, address);
  if (type.kind !== 'array') return read();
  const { element, length } = type;
  if (!element) return [];
  if (element.kind === 'char') return ram.cstring(address, length);
  return Array.from({ length }, (_, i) => {
    const at = address + i * element.sizeBytes;
    return readValue(element, ram, at, () => scalar(new StructField(`[${i}]`, element, 0), ram, at));
  });
}

const scalar = (field: Field, ram: Ram, address: Ptr): ViewValue => (field.type.kind === 'bool' ? Number(field.read(ram, address)) !== 0 : field.read(ram, address));
