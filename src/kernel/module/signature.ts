// The signature at the end of a module file (spec 3.7): image, PKCS#7 blob, 12 bytes of information, a marker line. Who is
// trusted is not decided here: `verify` is handed in.

import { viewOf } from '../../elf/elf64.ts';
import type { LoadReport } from './load-report.ts';
import { KERN_ERR, KERN_NOTICE } from './load-report.ts';

const MARKER = '~Module signature appended~\n';
const INFO_SIZE = 12;
const PKCS7 = 2;

/** 'nokey': signed by a key nobody trusts. 'bad': the digest does not match. 'unparsable': no PKCS#7 message. */
export type SignatureVerdict = 'ok' | 'nokey' | 'bad' | 'unparsable';
export type VerifySignature = (image: Uint8Array, pkcs7: Uint8Array) => SignatureVerdict;

export interface SignedImage {
  /** The file without what was recognised as signature. */
  readonly image: Uint8Array;
  readonly isTrusted: boolean;
}

function hasMarker(bytes: Uint8Array): boolean {
  const start = bytes.length - MARKER.length;
  if (start <= 0) return false;
  for (let i = 0; i < MARKER.length; i++) if (bytes[start + i] !== MARKER.charCodeAt(i)) return false;
  return true;
}

/** Splits image and signature without judging the key; undefined when no well-formed signature is there. */
export function splitSignature(bytes: Uint8Array): { readonly image: Uint8Array; readonly pkcs7: Uint8Array } | undefined {
  if (!hasMarker(bytes)) return undefined;
  const end = bytes.length - MARKER.length;
  if (end <= INFO_SIZE) return undefined;
  const size = viewOf(bytes).getUint32(end - 4, false);
  if (size >= end - INFO_SIZE) return undefined;
  return { image: bytes.subarray(0, end - INFO_SIZE - size), pkcs7: bytes.subarray(end - INFO_SIZE - size, end - INFO_SIZE) };
}

/** Throws what the report makes of a broken or refused signature; `isMangled`: flags tell to ignore parts of the module, so a signature cannot hold. */
export function checkSignature(bytes: Uint8Array, isMangled: boolean, isEnforced: boolean, verify: VerifySignature | undefined, report: LoadReport): SignedImage {
  if (isMangled || !hasMarker(bytes)) return unsigned(bytes, 'unsigned module', isEnforced, report);
  const signed = bytes.subarray(0, bytes.length - MARKER.length);
  if (signed.length <= INFO_SIZE) throw badMessage(report, 'the signature information is cut off');
  const info = signed.subarray(signed.length - INFO_SIZE);
  const split = splitSignature(bytes);
  if (!split) throw badMessage(report, 'the signature is longer than the file');
  if (info[2] !== PKCS7) {
    report.note(KERN_ERR, 'module: not signed with expected PKCS#7 message');
    return unsigned(signed, 'module with unsupported crypto', isEnforced, report);
  }
  if (info[0] !== 0 || info[1] !== 0 || info[3] !== 0 || info[4] !== 0 || info[5] !== 0 || info[6] !== 0 || info[7] !== 0) {
    throw report.refuse('EBADMSG', KERN_ERR, 'module: PKCS#7 signature info has unexpected non-zero params');
  }
  switch (!isPkcs7(split.pkcs7) ? 'unparsable' : verify === undefined ? 'nokey' : verify(split.image, split.pkcs7)) {
    case 'ok': return { image: split.image, isTrusted: true };
    case 'nokey': return unsigned(split.image, 'module with unavailable key', isEnforced, report);
    case 'unparsable': throw badMessage(report, 'the signature is no PKCS#7 message');
    case 'bad':
      report.silentIssue('the signature does not match the module');
      throw report.error('EKEYREJECTED');
  }
}

/** 1.2.840.113549.1.7.2, signedData, as the first thing in a DER SEQUENCE that fills the blob. */
const SIGNED_DATA = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

function isPkcs7(blob: Uint8Array): boolean {
  if (blob[0] !== 0x30) return false;
  const first = blob[1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 4) return false;
  let length = lengthBytes === 0 ? first : 0;
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (blob[2 + i] ?? 0);
  const start = 2 + lengthBytes;
  return start + length === blob.length && SIGNED_DATA.every((byte, i) => blob[start + i] === byte);
}

function badMessage(report: LoadReport, why: string): Error {
  report.silentIssue(why);
  return report.error('EBADMSG');
}

function unsigned(image: Uint8Array, reason: string, isEnforced: boolean, report: LoadReport): SignedImage {
  if (isEnforced) throw report.refuse('EKEYREJECTED', KERN_NOTICE, `Loading of ${reason} is rejected`);
  return { image, isTrusted: false };
}
