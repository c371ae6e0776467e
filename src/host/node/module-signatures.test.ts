import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boot } from './main.ts';
import { signatureVerifier } from './module-signatures.ts';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../../test/fixtures/signed/${name}`, import.meta.url)));
const kernelTrusting = (...certificates: string[]) =>
  boot({ verifySignature: signatureVerifier(certificates.map(fixture)), isSignatureEnforced: true });

describe('module signatures', () => {
  test('a module signed by a trusted key loads without taint E', () => {
    const kernel = kernelTrusting('other.pem', 'trusted.pem');
    kernel.insmod(fixture('hello.ko'));
    expect(kernel.modules()[0]!.taints).toBe('O');
  });
  test('a changed image is refused', () => {
    const bytes = fixture('hello.ko');
    bytes[100]! ^= 1;
    expect(() => { kernelTrusting('trusted.pem').insmod(bytes); }).toThrow(/EKEYREJECTED/);
  });
  test('a signature by another key counts as unavailable key', () => {
    const kernel = kernelTrusting('other.pem');
    expect(() => { kernel.insmod(fixture('hello.ko')); }).toThrow(/EKEYREJECTED/);
    expect(kernel.dmesg().text).toContain('Loading of module with unavailable key is rejected');
  });
  test('a broken signature blob is unparsable, whatever is broken', () => {
    const verify = signatureVerifier([fixture('trusted.pem')]);
    for (const blob of [new Uint8Array(0), new Uint8Array([0x30, 0x80]), fixture('hello.ko').slice(0, 400)]) expect(verify(new Uint8Array(10), blob)).toBe('unparsable');
  });
});
