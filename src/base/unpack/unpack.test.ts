import { createHash } from 'node:crypto';
import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { isPacked, unpack, UnpackError } from './unpack.ts';
import { undoX86Filter } from './x86-filter.ts';
import { unpackXz } from './xz.ts';

// Packed by xz 5.4 and zstd 1.5.
const TEXT = 'The quick brown fox. '.repeat(40);
const TEXT_XZ_LP2 = '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ANHACATACoa2dR0RO8pRtClfuS4ZIEJWYn+m60/Xzc9vDwGct1AABTmqDXMBVNEAAE8yAYAAADN7+NMscRn+wIAAAAABFla';
const TEXT_XZ_BLOCKS = '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AErAB5dACoaCKIDJWbxS3jFogX/LubZ0iAarwLus7jOk4AAAAAAAMtJQ4EYa7dNAgAhARYAAAB0L+Wj4AErAB5dADSYybLrgKrLuwAGc4SoV1VUBHMGxqvV437xfHgAAAAAAKKLqCazvJMGAgAhARYAAAB0L+Wj4ADvAB1dADedyfsPaOlFMJiS+uqtLu7j2+evyk0jXWDlMAAAAAAAAIW3+d5B0IZ7AAM6rAI6rAI58AEASUmi5BQXOzADAAAAAARZWg==';
const TEXT_ZSTD = 'KLUv/WRIAuUAAKhUaGUgcXVpY2sgYnJvd24gZm94LiABAGFiNZnsfJ5d';
/** SHA-256 digests of the bytes 0 to 7, which do not shrink: a stored chunk. */
const NOISE_XZ = '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+WjAQD/bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1L9RIvNEVUxTveLruM0rfj0WAK1jHDhaXXzOI8d4VFmtvBtMkA/+SNV1tdpcY4BAEl9l2w/j4kSUt26phkV9mGCE/tCLl4r019GWp0RqhrWACeY2thHbFiEbZamq3/KcXlLZxQjFAjRzRNjAetkcvWBor8df9ikvBioJyjgcieced7mprp4wsNvbb1EKJk753ngVAde2uSronrBZxat0PbZ1humPrSfaC5lovAOaHvNMk5ubjlI6i++J1HhgjF7PbKNYdY9tJ+bPRScpN5d6dI/Yg5HbZ5ztp9x78fAF7oeQAAAZACgAIAAKvzLkqoAAr8AgAAAAAAWVo=';
/** `codeLike(3000)` with the x86 filter. */
const CODE_XZ = [
  '/Td6WFoAAAFpIt42AgEEACEBHACHbtrl4Au3BTddACRiIcsAUIy4ZEX+5iW/g9F5w26PGxfqM2bRfhL5WaRDB/kYMsEyH6t3xzh15OP+2pWWx0VVEXptW/UKFJn8kqVj4idPaFxfpqROA5WGEhab1D',
  'e1qLBP2zgfJQfYQFQanSML95h6LjWP/RqZ8tjamf+lMEp8RH3ZgH4jGTa78OljeTgVwrP2CJLQwY59XYDCGlHRju4RR1pqTQLPceI1uX7lQLb1mSPIvJKSaf2wB47mTmWk3ypWDQ0Rf/05eCMdrhvw',
  'dI7T6Pq3hS/OeggBI/F9ISVHO5LCBX1EaLFFRik0Edkn37VoaCwOpx6gt3IPhq8nxSvhtK+pMZLJoKT+ihM+VyS7eRnp+ATpYs7w/LOag+H4E+6iTSw3OpM2HEhDRmvsXoDoMiPJZKCi0S3+VbW4K+',
  '0QMeXusr5BsdolmvwSEY11tXig5y/mYoq3/N749jhLoy0wxDS4QjcPsCLJgd7Ogbt0y32J1Xz27IxJasM1ItjbwUgGRb92fNO3WBxBL3gGgqdWE6tTXjzGlivVCbK4xTyU9GfTVEgstteEsedQ2m3i',
  'zT0b9iW7lu/JHk2t1QTTwHSrPO0Cn+NzvTYoMUHbYng+JaZj2U6pPYIkJva1U3o4dg/fua5b9C8z1x/LBWLq6+jLPkEpGpviFtmsLwxFbpIkYqPfsBCZxA9vPLguj1RM7GLmvN+tg7Idw7m+b3RMCd',
  'PLCLivs990na2kVhzSD7XrzTcGoIuBM1YQpO0OBhJ4DOJ05gVSHn2NO08i9ydUvcMvevOg6hUGh8ovqWS6dLltIMrs2mPPMod4Kknol0EGdyYyNwUB1dbXYb7166D0u9rxw+Y73iV8wn4nO4Ljq/7V',
  'GGlk5M1yofRspyMaecxUaJqle6+gp6gbuU9asMQFRcAOc93ZzPVzDJymVJuCzZQEAPiq/SNmDItAfhvev8IPgZhwov3i6N7Ffbed4TwNn+4L4VzCttg96h+bqj2eUbSgEbJjlUNrKhUuXXNx3TJbho',
  'zHOMFX7qZh/zAb3cbhP3tJRAbn48vvyWKWD5McjrXsDNCrzliAsLCruF+VKQzSZ0t/XTbVB2TQf4p3JmGDITvtqorIm1f24C8LaXdTtyKfeOgt1KjwJa90f/jNwh7IUXgtRle4CAcGPQ8NLOGEcVNr',
  'EyDgMOzozDdaKN7kjbi82tibmR9aDlCnNC8PCX7DpbEfS3nVKIJGyktF54t7UuB7c2cOeQsziefRAH/aF0ZV46YZ3Ozrv6EXFkIbmyfkEa4DMST9d5CWnFeFh/EnbcXCMvE1Gs8Ipn7M3JRrybWs5B',
  '22ZDpTepgSx8SgG+659FCzgdS6VbXRwcef3Nw7W7mzgWEQaqiMStLlr3jj1HkVv6J2N1M6GqNaDXYnJCuoIZLX09a6DxDuiUvQl+ItFZySvDqO9iMcduTlFiFGEmgR1xJKE+8ZK1N4DlR82L1MAZIJ',
  'UOVlaTgCZR2iHtkdpdyo9IvezB8OXkRNAEcHHeUF27iAoqdUD4vu4rQR3Jn+yjQ+qLsaGB6gTeZs6B7vW0EPLG8hvmzasRRNeC5npMIzqrWBsyibTtte2jcujFAV/VFJeGZCevIi81Qu5IDUqPit0z',
  '6/qujsUY3f1R95qV373gGsUIVOQIpREg7remrkdCAqFW5YL+G0Lupj8vviSuCsAxfDsInjpcSOiffwRmN5TQ38LmJcfKh0JoeaDAg6GQB96/XkXcXfoDrNlFCmCynGGuV+TpdgI4dqb5FJDRQJM4eC',
  'iFaTHcrssCKpf9soV1KynQAAb37inwABzwq4FwAAnbP0qD4wDYsCAAAAAAFZWg==',
].join('');

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const noise = (): Uint8Array => Buffer.concat([0, 1, 2, 3, 4, 5, 6, 7].map((i) => createHash('sha256').update(Uint8Array.of(i)).digest()));

/** Calls, jumps and bytes that only look like them. */
function codeLike(size: number): Uint8Array {
  const out: number[] = [];
  const view = new DataView(new ArrayBuffer(4));
  let state = 12345;
  const random = (): number => {
    state = Number((BigInt(state) * 1103515245n + 12345n) & 0x7fff_ffffn);
    return state >>> 16;
  };
  const branch = (opcode: number, distance: number): void => {
    view.setInt32(0, distance, true);
    out.push(opcode, ...new Uint8Array(view.buffer));
  };
  while (out.length < size) {
    const choice = random() % 8;
    if (choice < 2) branch(0xe8, (random() % 64) * 64 - out.length - 5);
    else if (choice === 2) branch(0xe9, -(random() % 30));
    else if (choice === 3) out.push(0xe8, random() & 255, random() & 1 ? 0xe8 : 0xff, random() & 3, 0, 0xff);
    else out.push(...[0x48, 0x89, 0xe5, 0x53].slice(0, 1 + (random() % 4)));
  }
  return Uint8Array.from(out.slice(0, size));
}

/** What comes out, or the refusal; anything else fails the test. */
function unpackOrRefuse(bytes: Uint8Array): Uint8Array | UnpackError {
  try {
    return unpack(bytes);
  } catch (error) {
    if (error instanceof UnpackError) return error;
    throw error;
  }
}

describe('xz', () => {
  test('lp and pb properties, CRC-64 check', () => expect(textOf(unpack(bytesOf(TEXT_XZ_LP2)))).toBe(TEXT));
  test('several blocks', () => expect(textOf(unpack(bytesOf(TEXT_XZ_BLOCKS)))).toBe(TEXT));
  test('stored chunks, no check', () => expect(unpack(bytesOf(NOISE_XZ))).toEqual(new Uint8Array(noise())));
  test('x86 filter, CRC-32 check', () => expect(unpack(bytesOf(CODE_XZ))).toEqual(codeLike(3000)));
  test('trailing bytes are ignored', () => expect(textOf(unpack(Uint8Array.of(...bytesOf(TEXT_XZ_LP2), 1, 2, 3)))).toBe(TEXT));
  test('stops when it has enough', () => {
    const beginning = unpackXz(bytesOf(TEXT_XZ_BLOCKS), (output) => output.length >= 100);
    expect(textOf(beginning)).toBe(TEXT.slice(0, 300));
  });
  test('every truncation is refused', () => {
    for (const packed of [TEXT_XZ_LP2, CODE_XZ].map(bytesOf)) {
      const contentEnd = packed.length - 40;
      for (let size = 0; size < contentEnd; size++) expect(unpackOrRefuse(packed.slice(0, size))).toBeInstanceOf(UnpackError);
    }
  });
  test('no flipped bit gives other content where there is a CRC-32', () => {
    const packed = bytesOf(CODE_XZ);
    const content = codeLike(3000);
    for (let bit = 0; bit < packed.length * 8; bit += 5) {
      packed[bit >> 3]! ^= 1 << (bit & 7);
      const result = unpackOrRefuse(packed);
      if (!(result instanceof UnpackError)) expect(result).toEqual(content);
      packed[bit >> 3]! ^= 1 << (bit & 7);
    }
  });
  test('a flipped bit anywhere is content or a refusal', () => {
    for (const packed of [TEXT_XZ_LP2, TEXT_XZ_BLOCKS].map(bytesOf)) {
      for (let bit = 0; bit < packed.length * 8; bit++) {
        packed[bit >> 3]! ^= 1 << (bit & 7);
        unpackOrRefuse(packed);
        packed[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
  });
});

describe('the x86 filter', () => {
  test('an absolute operand becomes relative to the next instruction', () => {
    const code = Uint8Array.of(0x90, 0xe8, 0x06, 0x01, 0, 0, 0x90);
    undoX86Filter(code);
    expect([...code]).toEqual([0x90, 0xe8, 0x00, 0x01, 0, 0, 0x90]);
  });
  test('the last four bytes hold no whole branch', () => {
    const code = Uint8Array.of(0xe8, 1, 0, 0);
    undoX86Filter(code);
    expect([...code]).toEqual([0xe8, 1, 0, 0]);
  });
});

test('gzip and zstd', () => {
  const packed = gzipSync(new TextEncoder().encode(TEXT));
  expect(textOf(unpack(packed))).toBe(TEXT);
  expect(textOf(unpack(bytesOf(TEXT_ZSTD)))).toBe(TEXT);
  expect(textOf(unpack(bytesOf(TEXT_ZSTD), { sizeBytes: TEXT.length }))).toBe(TEXT);
  expect(() => unpack(packed.slice(0, 20))).toThrow(UnpackError);
  expect(() => unpack(bytesOf(TEXT_ZSTD).slice(0, 20))).toThrow(UnpackError);
});

test('what is packed', () => {
  expect([TEXT_XZ_LP2, TEXT_ZSTD].map((packed) => isPacked(bytesOf(packed)))).toEqual([true, true]);
  expect(isPacked(new Uint8Array(10))).toBe(false);
  expect(() => unpack(new Uint8Array(10))).toThrow('neither gzip nor xz nor zstd');
});
