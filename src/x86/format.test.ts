import { expect, it } from 'vitest';
import { KERNEL_BASE } from '../base/ptr.ts';
import { Decoder } from './decoder.ts';
import { formatInstruction } from './format.ts';

it('prints instructions', () => {
  const decoder = new Decoder();
  const text = (bytes: string): string => formatInstruction(decoder.decode(Uint8Array.from(bytes.split(' '), (b) => Number.parseInt(b, 16)), 0, KERNEL_BASE));
  expect(text('48 8b 44 cb 10')).toBe('mov rax, qword [rbx+rcx*8+0x10]');
  expect(text('65 48 8b 04 25 28 00 00 00')).toBe('mov rax, qword gs:[0x28]');
  expect(text('f0 ff 4d f8')).toBe('lock dec dword [rbp-0x8]');
  expect(text('f3 48 ab')).toBe('rep stosq');
  expect(text('88 e5')).toBe('mov ch, ah');
  expect(text('41 0f b6 c8')).toBe('movzx ecx, r8b');
  expect(text('e8 fb ff ff ff')).toBe('call 0xffffffff80000000');
  expect(text('8b 05 00 00 00 00')).toBe('mov eax, dword [rip: 0xffffffff80000006]');
  expect(text('c5 f9 ef 00')).toBe('vpxor [rax], ...');
  expect(text('0f 20 d8')).toBe('mov rax, cr3');
  expect(text('0f 0b')).toBe('ud2');
});
