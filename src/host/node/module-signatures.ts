// Verifies the PKCS#7 signatures of modules against given certificates: the kernel's "trusted keyrings" for Node. A separate
// entry of the package ('kobox/signatures'), because few runs need it. Linux: crypto/asymmetric_keys/pkcs7_verify.c.

import { createVerify, type KeyObject, X509Certificate } from 'node:crypto';
import { fromBER } from 'asn1js';
import { ContentInfo, IssuerAndSerialNumber, SignedData, type SignerInfo } from 'pkijs';
import type { VerifySignature } from '../../kernel/module/signature.ts';

/** Digest algorithms by object identifier (RFC 8017, NIST CSOR). */
const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1', '2.16.840.1.101.3.4.2.4': 'sha224', '2.16.840.1.101.3.4.2.1': 'sha256', '2.16.840.1.101.3.4.2.2': 'sha384', '2.16.840.1.101.3.4.2.3': 'sha512',
};

interface TrustedKey { readonly serial: string; readonly issuer: string; readonly skid: string | undefined; readonly key: KeyObject }

/** A verifier that trusts the keys of these X.509 certificates (PEM or DER), for `boot({ verifySignature })`. */
export function signatureVerifier(certificates: readonly (string | Uint8Array)[]): VerifySignature {
  const trusted = certificates.map(trustedKey);
  return (image, pkcs7) => {
    const signers = signersOf(pkcs7);
    if (!signers) return 'unparsable';
    for (const signer of signers) {
      const key = trusted.find((candidate) => isSignedBy(signer, candidate));
      if (!key) continue;
      // Signed attributes would move the image's digest into an attribute; sign-file never makes them (CMS_NOATTR).
      const digest = DIGESTS[signer.digestAlgorithm.algorithmId];
      if (signer.signedAttrs || digest === undefined) return 'unparsable';
      return createVerify(digest).update(image).verify(key.key, signer.signature.valueBlock.valueHexView) ? 'ok' : 'bad';
    }
    return 'nokey';
  };
}

function trustedKey(certificate: string | Uint8Array): TrustedKey {
  const x509 = new X509Certificate(certificate);
  return { serial: normalSerial(x509.serialNumber), issuer: hex(issuerOf(x509.raw)), skid: subjectKeyIdOf(x509.raw), key: x509.publicKey };
}

function signersOf(pkcs7: Uint8Array): readonly SignerInfo[] | undefined {
  try {
    const parsed = fromBER(toArrayBuffer(pkcs7));
    if (parsed.offset === -1) return undefined;
    return new SignedData({ schema: new ContentInfo({ schema: parsed.result }).content }).signerInfos;
  } catch {
    return undefined;
  }
}

/** Signers are named by issuer and serial number, or (version 3) by subject key identifier. */
function isSignedBy({ sid }: SignerInfo, key: TrustedKey): boolean {
  if (sid instanceof IssuerAndSerialNumber) {
    return normalSerial(hex(sid.serialNumber.valueBlock.valueHexView)) === key.serial && hex(new Uint8Array(sid.issuer.toSchema().toBER())) === key.issuer;
  }
  const id = (sid as { valueBlock?: { valueHexView?: Uint8Array } }).valueBlock?.valueHexView;
  return id !== undefined && key.skid !== undefined && hex(id).endsWith(key.skid);
}

/** Fields of a certificate as DER: [tbs, ...], tbs = [version] serial algorithm issuer ... (RFC 5280, 4.1). */
function tbsOf(der: Uint8Array): { readonly valueBlock: { readonly value: readonly Asn1[] } } {
  const certificate = fromBER(toArrayBuffer(der)).result as unknown as { valueBlock: { value: { valueBlock: { value: readonly Asn1[] } }[] } };
  return certificate.valueBlock.value[0]!;
}
interface Asn1 { readonly idBlock: { readonly tagClass: number; readonly tagNumber: number }; readonly valueBeforeDecodeView: Uint8Array }

const CONTEXT_SPECIFIC = 3;
function issuerOf(der: Uint8Array): Uint8Array {
  const fields = tbsOf(der).valueBlock.value;
  const hasVersion = fields[0]!.idBlock.tagClass === CONTEXT_SPECIFIC;
  return fields[hasVersion ? 3 : 2]!.valueBeforeDecodeView;
}

/** OID 2.5.29.14 (subject key identifier) with its value: an OCTET STRING in an OCTET STRING. */
const SKID = '0603551d0e';
function subjectKeyIdOf(der: Uint8Array): string | undefined {
  const text = hex(der);
  const at = text.indexOf(SKID);
  if (at < 0) return undefined;
  const value = der.subarray(at / 2 + SKID.length / 2);
  const length = value[3]!;
  return hex(value.subarray(4, 4 + length));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Without sign byte and case: certificates and messages write serial numbers differently. */
const normalSerial = (serial: string): string => serial.toLowerCase().replace(/^(00)+(?=..)/, '');
const toArrayBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
