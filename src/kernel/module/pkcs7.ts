// Who signed a module, as modinfo(8) shows it, read from the PKCS#7 SignedData behind the image (RFC 2315; DER: X.690). Nothing
// is verified here; see signature.ts.

import { latin1 } from '../../base/latin1.ts';

export interface ModuleSignature {
  readonly id: 'PKCS#7';
  /** Common name of the issuer; '' where it has none. */
  readonly signer: string;
  /** Serial number of the key's certificate. */
  readonly key: Uint8Array;
  /** `sha256`; the dotted identifier where it is none that modules use. */
  readonly hash: string;
  readonly signature: Uint8Array;
}

interface Element { readonly tag: number; readonly content: Uint8Array }

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OCTETS = 0x04;
const IDENTIFIER = 0x06;
const COMMON_NAME = '2.5.4.3';
const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1', '2.16.840.1.101.3.4.2.4': 'sha224', '2.16.840.1.101.3.4.2.1': 'sha256', '2.16.840.1.101.3.4.2.2': 'sha384', '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** The elements in a row in `bytes`; undefined when they are not well formed. */
function elements(bytes: Uint8Array): Element[] | undefined {
  const list: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let size = bytes[at + 1] ?? -1;
    let start = at + 2;
    if (size >= 0x80) {
      const nrBytes = size & 0x7f;
      if (nrBytes === 0 || nrBytes > 4) return undefined;
      size = 0;
      for (let i = 0; i < nrBytes; i++) size = size * 256 + (bytes[start++] ?? Number.NaN);
    }
    if (!(size >= 0 && start + size <= bytes.length)) return undefined;
    list.push({ tag, content: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return list;
}

const inside = (element: Element | undefined, tag: number): Element[] => (element?.tag === tag ? (elements(element.content) ?? []) : []);

function identifier(element: Element | undefined): string {
  if (element?.tag !== IDENTIFIER || element.content.length === 0) return '';
  const [first = 0, ...rest] = element.content;
  const parts = [Math.min(2, Math.floor(first / 40)), first - 40 * Math.min(2, Math.floor(first / 40))];
  let value = 0;
  for (const byte of rest) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  return parts.join('.');
}

/** undefined when the blob is no SignedData with a signer. */
export function readSignature(pkcs7: Uint8Array): ModuleSignature | undefined {
  const contentInfo = inside(elements(pkcs7)?.[0], SEQUENCE);
  const signedData = inside(inside(contentInfo[1], 0xa0)[0], SEQUENCE);
  const signerInfo = inside(inside(signedData.findLast(({ tag }) => tag === SET), SET)[0], SEQUENCE);
  const [version, issuerAndSerial, digest] = signerInfo;
  const signature = signerInfo.findLast(({ tag }) => tag === OCTETS);
  if (version?.tag !== INTEGER || !signature) return undefined;
  const [issuer, serial] = inside(issuerAndSerial, SEQUENCE);
  const hash = identifier(inside(digest, SEQUENCE)[0]);
  return { id: 'PKCS#7', signer: commonName(issuer), key: serial?.content ?? new Uint8Array(0), hash: HASHES[hash] ?? hash, signature: signature.content };
}

function commonName(name: Element | undefined): string {
  for (const set of inside(name, SEQUENCE)) {
    const [type, value] = inside(inside(set, SET)[0], SEQUENCE);
    if (value && identifier(type) === COMMON_NAME) return latin1(value.content, 0, value.content.length);
  }
  return '';
}
