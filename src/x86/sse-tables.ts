// The SSE instructions with operands: 128-bit legacy encodings that the lifters translate. Notation as in `opcode-tables.ts`, and
// V an xmm register in ModRM.reg, W an xmm register or memory (d q x: 4, 8, 16 bytes), U an xmm register in r/m.

const lines = (opcode: string, entries: string): string => entries.split(',').map((entry) => `${opcode} ${entry.trim()};`).join('');
/** The four versions of an arithmetic instruction: packed and scalar, single and double. */
const arithmetic = (opcode: string, name: string, last = ''): string =>
  lines(opcode, `np ${name}ps V Wx${last},66 ${name}pd V Wx${last},f3 ${name}ss V Wd${last},f2 ${name}sd V Wq${last}`);
const floats = (opcode: string, name: string): string => lines(opcode, `np ${name}ps V Wx,66 ${name}pd V Wx`);
/** Packed integer instructions, each one opcode. */
const packed = (entries: string): string =>
  entries.split(' ').map((entry) => `${entry.slice(0, 2)} 66 ${entry.slice(3)} V Wx;`).join('');

export const sse0f = (): string =>
  lines('10', 'np movups V Wx,66 movupd V Wx,f3 movss V Wd,f2 movsd V Wq')
  + lines('11', 'np movups Wx V,66 movupd Wx V,f3 movss Wd V,f2 movsd Wq V')
  + lines('12', 'np reg movhlps V U,np mem movlps V Mq,66 mem movlpd V Mq,f3 movsldup V Wx,f2 movddup V Wq')
  + lines('13', 'np mem movlps Mq V,66 mem movlpd Mq V')
  + lines('16', 'np reg movlhps V U,np mem movhps V Mq,66 mem movhpd V Mq,f3 movshdup V Wx')
  + lines('17', 'np mem movhps Mq V,66 mem movhpd Mq V')
  + floats('14', 'unpckl') + floats('15', 'unpckh')
  + lines('28', 'np movaps V Wx,66 movapd V Wx') + lines('29', 'np movaps Wx V,66 movapd Wx V')
  + lines('2a', 'f3 cvtsi2ss V Ey,f2 cvtsi2sd V Ey') + lines('2b', 'np mem movntps Mx V,66 mem movntpd Mx V')
  + lines('2c', 'f3 cvttss2si Gy Wd,f2 cvttsd2si Gy Wq') + lines('2d', 'f3 cvtss2si Gy Wd,f2 cvtsd2si Gy Wq')
  + lines('2e', 'np ucomiss V Wd,66 ucomisd V Wq') + lines('2f', 'np comiss V Wd,66 comisd V Wq')
  + lines('50', 'np reg movmskps Gy U,66 reg movmskpd Gy U')
  + arithmetic('51', 'sqrt') + floats('54', 'and') + floats('55', 'andn') + floats('56', 'or') + floats('57', 'xor')
  + arithmetic('58', 'add') + arithmetic('59', 'mul') + arithmetic('5c', 'sub') + arithmetic('5d', 'min') + arithmetic('5e', 'div') + arithmetic('5f', 'max')
  + lines('5a', 'np cvtps2pd V Wq,66 cvtpd2ps V Wx,f3 cvtss2sd V Wd,f2 cvtsd2ss V Wq')
  + lines('5b', 'np cvtdq2ps V Wx,66 cvtps2dq V Wx,f3 cvttps2dq V Wx')
  + packed('60:punpcklbw 61:punpcklwd 62:punpckldq 63:packsswb 64:pcmpgtb 65:pcmpgtw 66:pcmpgtd 67:packuswb 68:punpckhbw 69:punpckhwd 6a:punpckhdq 6b:packssdw 6c:punpcklqdq 6d:punpckhqdq')
  + lines('6e', '66 w0 movd V Ed,66 w1 movq V Eq') + lines('6f', '66 movdqa V Wx,f3 movdqu V Wx')
  + lines('70', '66 pshufd V Wx Ib,f3 pshufhw V Wx Ib,f2 pshuflw V Wx Ib')
  + lines('71/2', '66 reg psrlw U Ib') + lines('71/4', '66 reg psraw U Ib') + lines('71/6', '66 reg psllw U Ib')
  + lines('72/2', '66 reg psrld U Ib') + lines('72/4', '66 reg psrad U Ib') + lines('72/6', '66 reg pslld U Ib')
  + lines('73/2', '66 reg psrlq U Ib') + lines('73/3', '66 reg psrldq U Ib') + lines('73/6', '66 reg psllq U Ib') + lines('73/7', '66 reg pslldq U Ib')
  + packed('74:pcmpeqb 75:pcmpeqw 76:pcmpeqd')
  + lines('7e', '66 w0 movd Ed V,66 w1 movq Eq V,f3 movq V Wq') + lines('7f', '66 movdqa Wx V,f3 movdqu Wx V')
  + arithmetic('c2', 'cmp', ' Ib') + lines('c4', '66 pinsrw V RyMw Ib') + lines('c5', '66 reg pextrw Gy U Ib')
  + lines('c6', 'np shufps V Wx Ib,66 shufpd V Wx Ib') + lines('d6', '66 movq Wq V') + lines('d7', '66 reg pmovmskb Gy U')
  + lines('e6', '66 cvttpd2dq V Wx,f3 cvtdq2pd V Wq,f2 cvtpd2dq V Wx') + lines('e7', '66 mem movntdq Mx V') + lines('f0', 'f2 mem lddqu V Mx')
  + packed('d1:psrlw d2:psrld d3:psrlq d4:paddq d5:pmullw d8:psubusb d9:psubusw da:pminub db:pand dc:paddusb dd:paddusw de:pmaxub df:pandn')
  + packed('e0:pavgb e1:psraw e2:psrad e3:pavgw e4:pmulhuw e5:pmulhw e8:psubsb e9:psubsw ea:pminsw eb:por ec:paddsb ed:paddsw ee:pmaxsw ef:pxor')
  + packed('f1:psllw f2:pslld f3:psllq f4:pmuludq f5:pmaddwd f6:psadbw f8:psubb f9:psubw fa:psubd fb:psubq fc:paddb fd:paddw fe:paddd');

export const sse0f38 = (): string =>
  packed('00:pshufb 17:ptest 1c:pabsb 1d:pabsw 1e:pabsd 29:pcmpeqq 37:pcmpgtq 38:pminsb 39:pminsd 3a:pminuw 3b:pminud 3c:pmaxsb 3d:pmaxsd 3e:pmaxuw 3f:pmaxud 40:pmulld')
  + lines('2a', '66 mem movntdqa V Mx');

export const sse0f3a = (): string => lines('0f', '66 palignr V Wx Ib') + lines('14', '66 pextrb RyMb V Ib') + lines('15', '66 pextrw RyMw V Ib') + lines('20', '66 pinsrb V RyMb Ib')
  + lines('16', '66 w0 pextrd Ed V Ib,66 w1 pextrq Eq V Ib') + lines('22', '66 w0 pinsrd V Ed Ib,66 w1 pinsrq V Eq Ib');
