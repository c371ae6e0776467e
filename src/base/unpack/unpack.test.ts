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
/** `codeLike()` with the x86 filter. */
const CODE_XZ = [
  '/Td6WFoAAAFpIt42AgEEACEBHACHbtrl4Au3BgFdACRiIcsAUIy4ZEX+5iW/hYZZlYiF3CdQlD0fZU4Is78psXRCl+deyM1uDfs2eZSqSX0s6mkh3kvrmeXYijqqAJOiVk1+i3EGFVEmtg1IP/ZQ0J',
  'ioIrU1DQJHd4nRtJ8wja0v1Oow60tct/JQWTItU/DjyPZIrkGYo1Aju3UfbixOJUwS03H94qcCEPWCg7ERyBMHxcaSw7yy0F+8wzwdYK1EOHt7osJ5fpjw10w4+p8yctUIK1CR8cCDrDI1E0wMsWNY',
  'Xzcwv1aFFmBMkPMriCwUH85YbOXCsBDhKu9yqDaqfmzheXT11gEsyYCSsojFIpnTZzdlqjqgRKZe6SCsPUqEwRj0Z8o4hfwdUMm3xJ/MGB3rMCqLwqIZS/AkZfq1jM3U9Zqp/p9GXotFRHKl/LQtWO',
  'bjaavtwBOrdWDdaG5N7ECHVtUFpDN3Sb9M2ios7NDFWcyY5YgYObXbCWeBTwi/6LRNfCzaxn8ENq6Vnh+zVnX37sctxNW79C4bDc0kRBczYoKD3zOvGYPUP/FPGJvF4HkCTe5WszPVU45KFhK80dWK',
  'avmBsk5z9OoSFIf66ofyLgMtMWOClzsjdYS0MI7tkg4Rbdq1xm10Z4OY6iX32GaQ3/1lc8dNq9oNrAKTi7mc4iHt5/oLFUbXlvRyvxnUealNP88AquVRbSkom+XCWi1hBDI3cRWNmYGoY22bhT0M48',
  'YUxyiWD1R2df09++ifzts6nVACwvuBr1p1hqJ6CFRJ+vWoKKnk2ZgltXc+JoFk+mNfb2lydKROjLBUYhUM/S3G8BAZ3jJMVb4Aoe8FodCRTTeXYc+nGW3Ulv93so38IuJLSfciKT9u5IpQgK0prRfb',
  'S5asRgmLvmDbGp5V1gmaMV7RQ+z88CHkuybhxAwETYEDxs8KITQpxMUqBnUGeJGEbxW7NXFYzKObgv7LooUD63R/kfJFuWmfjMGR8F7hKSO6YEmCTJ9HnnsneYTCKNQNRGoKbNGXXW521YqglzPTmN',
  'PpQ+GlHUDdGEPGrvOctZ5vUYHXiwT/Ml66B4N6XHE9d/V00YtIiGsTAroL3Py7QfyfmSaPiE+fGQg/wr7feYU5HxVBjtc6Ktmd1nWaF4esHg/QFp1Cdw92DmeMBTUTM+xwgnrr+8bq2mS5dVm9yMKX',
  'oGVUpCyeGI5iRjFACUw9gfz9Z9c4ddAcHt1gHD/wcfsNCVIRQwfRkEnv+wU18lF5D5+LBBq1VcsVcelLo1Ved980e24NWRwwksoy0EOrL1UqVQ0dH5PZIKfbdiDOzMLeM/sQjuiwnxftCKgTWCeiQ7',
  'qXi1rXltykgeUojZ9zAZYan3LVOEpAEnhGBl5OKEz53m+aPUHU5Y1VLqooaAqv+Y2Jy72BXPYzMiLM2nRm/aXwDn1TLNSQ8OseWhPcAEWPZvnD1Tpo2IeTMN8UL7WcQ6/FZo2EoR5Uc1gT4MblUVWx',
  'IdUFyF+x614SkVUVmu+eTLfMLq2rvFiUR9qrxap2SJ+HjJv0i9tLM/mwlxZAQH89iYV/o4LigFmbI6xZeHGsD8wXVr15t1BnQbVhcWtNFJuomTsUIZM4WrkDIZBb5NMEf43hImiiW7duf9885LwMym',
  'S1V68prZZaGNf7qhNdy7Euo4WHJDxZRF3Lrpbwpil949nzUDISL00aX7YFyFcvQ6+B1RzBO+A41+P2AvIhrKC/9o30UioV9kvUGYvBdYO4bXRaG6bqO0d1kiBJgwOj9mys3CYAkWRG7AJsOu0bcEuV',
  'SvXOWM/egUHd5Nz0hM7jKRgtU+0+UVtgWLgI2vvGNbwi0CprVlQS/nH/5wC0gFltf1J1ksWt1SBOp03Oc58tddp/h2bOQeKM73WTqOEox6ZmjAy0MELWe/SeorCB+NBtgSxrJvB6pFcA/KE2MOIXn/',
  '4JA5lYYGEMtx1FM5us0DD+crJSt68ifd03NX3IDJqUmnXasWxE2Fw3fBLUR2HyYP4vFPOk6GyTLTBR1PC6wX9PKU1S6hYpF+eo7PN1qJF6pr94YRILXwuHbDDNSelhCaM7JHMcZJNYJpQAAAAAQmlk',
  '2QABmQy4FwAA161j/T4wDYsCAAAAAAFZWg==',
].join('');

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const noise = (): Uint8Array => Buffer.concat([0, 1, 2, 3, 4, 5, 6, 7].map((i) => createHash('sha256').update(Uint8Array.of(i)).digest()));

/** Calls and jumps among other bytes, then bytes that mostly look like parts of them. */
function codeLike(): Uint8Array {
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
  while (out.length < 1200) {
    const choice = random() % 8;
    if (choice < 2) branch(0xe8, (random() % 64) * 64 - out.length - 5);
    else if (choice === 2) branch(0xe9, -(random() % 30));
    else out.push(...[0x48, 0x89, 0xe5, 0x53].slice(0, 1 + (random() % 4)));
  }
  out.length = 1200;
  while (out.length < 3000) out.push([0xe8, 0xe9, 0, 0xff, 0xff, 0, 1, 0xfe][random() % 8]!);
  return Uint8Array.from(out);
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
  test('x86 filter, CRC-32 check', () => expect(unpack(bytesOf(CODE_XZ))).toEqual(codeLike()));
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
    const content = codeLike();
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
