// The integer and system part of the opcode maps (SDM vol. 2, appendix A), as text that is parsed on first use, so that an
// import costs nothing. Vector, x87 and other names come from `vector-names.generated.ts`.
//
// An entry: OPCODE[-LAST] [constraints] MNEMONIC operands... [flags], entries separated by ';' or newlines.
//   opcode    `80` hex; `ff/6` only with ModRM.reg = 6; `01=c8` only with exactly this ModRM byte
//   constraint `np` `66` `f3` `f2` mandatory prefix; `mem` `reg` kind of ModRM.rm; `w0` `w1` REX.W (VEX.W); `rexb` REX.B
//   mnemonic  `j?` takes the condition's name from the opcode; `cbw/cwde/cdqe` chooses by operand size 2/4/8;
//             `[a b - c]` is a group: one name for each ModRM.reg from 0, `-` is undefined
//   operand   letter and size as in the SDM: E ModRM r/m, G ModRM.reg, M memory only, R register only (in r/m), H register whatever ModRM.mod says, I immediate, J
//             branch, O absolute address, Z register in the opcode, B VEX.vvvv, S C D segment/control/debug register;
//             b w d q = 1 2 4 8, v = operand size, y = 4 or 8, a = address size, z = immediate of 2 or 4; `Is` = sign-extended byte;
//             `RvMw` = register of operand size or memory word; `al` `rax` `eax` `cl` `dx` `1` `fs` `gs` as named
//   flags     d64: operand size 8, or 2 under 66; f64: always 8; b v z: size of a string element

const ALU = 'add or adc sbb and sub xor cmp';
const SHIFT = 'rol ror rcl rcr shl shr shl sar';

const alu = (name: string, n: number): string => {
  const at = (k: number): string => (n * 8 + k).toString(16).padStart(2, '0');
  return `${at(0)} ${name} Eb Gb;${at(1)} ${name} Ev Gv;${at(2)} ${name} Gb Eb;${at(3)} ${name} Gv Ev;${at(4)} ${name} al Ib;${at(5)} ${name} rax Iz;`;
};

export const oneByteMap = (): string => ALU.split(' ').map(alu).join('') + `
50-57 push Zv d64; 58-5f pop Zv d64; 63 movsxd Gv EvEd
68 push Iz d64; 69 imul Gv Ev Iz; 6a push Is d64; 6b imul Gv Ev Is; 6c ins b; 6d ins z; 6e outs b; 6f outs z
70-7f j? Jb f64
80 [${ALU}] Eb Ib; 81 [${ALU}] Ev Iz; 83 [${ALU}] Ev Is
84 test Eb Gb; 85 test Ev Gv; 86 xchg Eb Gb; 87 xchg Ev Gv
88 mov Eb Gb; 89 mov Ev Gv; 8a mov Gb Eb; 8b mov Gv Ev; 8c mov RvMw S; 8d lea Gv M; 8e mov S RvMw; 8f/0 pop Ev d64
90 rexb xchg Zv rax; 90 f3 pause; 90 nop; 91-97 xchg Zv rax
98 cbw/cwde/cdqe; 99 cwd/cdq/cqo; 9b fwait; 9c pushf d64; 9d popf d64; 9e sahf; 9f lahf
a0 mov al Ob; a1 mov rax Ov; a2 mov Ob al; a3 mov Ov rax; a4 movs b; a5 movs v; a6 cmps b; a7 cmps v
a8 test al Ib; a9 test rax Iz; aa stos b; ab stos v; ac lods b; ad lods v; ae scas b; af scas v
b0-b7 mov Zb Ib; b8-bf mov Zv Iv
c0 [${SHIFT}] Eb Ib; c1 [${SHIFT}] Ev Ib; c2 ret Iw f64; c3 ret f64; c6/0 mov Eb Ib; c7/0 mov Ev Iz; c6=f8 xabort Ib; c7=f8 xbegin Jz
c8 enter Iw Ib d64; c9 leave d64; ca retf Iw; cb retf; cc int3; cd int Ib; cf iret/iretd/iretq
d0 [${SHIFT}] Eb 1; d1 [${SHIFT}] Ev 1; d2 [${SHIFT}] Eb cl; d3 [${SHIFT}] Ev cl; d7 xlat b
e0 loopne Jb f64; e1 loope Jb f64; e2 loop Jb f64; e3 jrcxz Jb f64
e4 in al Ib; e5 in eax Ib; e6 out Ib al; e7 out Ib eax; e8 call Jz f64; e9 jmp Jz f64; eb jmp Jb f64
ec in al dx; ed in eax dx; ee out dx al; ef out dx eax
f1 int1; f4 hlt; f5 cmc; f8 clc; f9 stc; fa cli; fb sti; fc cld; fd std
f6 [test test] Eb Ib; f6 [- - not neg mul imul div idiv] Eb; f7 [test test] Ev Iz; f7 [- - not neg mul imul div idiv] Ev
fe [inc dec] Eb; ff [inc dec] Ev; ff/2 call Ev f64; ff/3 mem callf Mp; ff/4 jmp Ev f64; ff/5 mem jmpf Mp; ff/6 push Ev d64
`;

export const twoByteMap = (): string => `
00/6 f2 lkgs RvMw; 00 [sldt str lldt ltr verr verw] RvMw
01=c0 enclv; 01=c1 vmcall; 01=c2 vmlaunch; 01=c3 vmresume; 01=c4 vmxoff; 01=c5 pconfig; 01=c8 monitor; 01=c9 mwait; 01=ca f3 eretu; 01=ca f2 erets; 01=ca clac; 01=cb stac
01=cc 66 tdcall; 01=cd 66 seamret; 01=ce 66 seamops; 01=cf 66 seamcall; 01=cf encls; 01=d0 xgetbv; 01=d1 xsetbv; 01=d4 vmfunc; 01=d5 xend; 01=d6 xtest; 01=d7 enclu; 01=d8 vmrun; 01=d9 f3 vmgexit; 01=d9 f2 vmgexit; 01=d9 vmmcall; 01=da vmload
01=db vmsave; 01=dc stgi; 01=dd clgi; 01=de skinit; 01=df invlpga; 01=e8 np serialize; 01=ec f3 uiret; 01=ed f3 testui; 01=ee f3 clui; 01=ef f3 stui; 01=ee rdpkru; 01=ef wrpkru; 01=f8 swapgs
01=f9 rdtscp; 01=fa f3 mcommit; 01=fa monitorx; 01=fb mwaitx; 01=fc clzero; 01=fd f3 rmpquery; 01=fd f2 rmpread; 01=fd rdpru; 01=fe f3 rmpadjust; 01=fe f2 rmpupdate; 01=fe invlpgb; 01=ff f3 psmash; 01=ff f2 pvalidate; 01=ff tlbsync
01=e8 f2 xsusldtrk; 01=e9 f2 xresldtrk; 01=e8 f3 setssbsy; 01=ea f3 saveprevssp; 01=c6 f3 wrmsrlist; 01=c6 f2 rdmsrlist; 01=c6 np wrmsrns; 01=c7 np pbndkb
01 mem [sgdt sidt lgdt lidt] M; 01/4 smsw RvMw; 01/6 lmsw RvMw; 01/7 mem invlpg M
02 lar Gv RvMw; 03 lsl Gv RvMw; 05 syscall; 06 clts; 07 sysret/sysret/sysretq; 08 invd; 09 f3 wbnoinvd; 09 wbinvd; 0b ud2
0d mem [prefetch prefetchw prefetchwt1 prefetchw prefetch prefetch prefetch prefetch] Mb; 0d nop Ev; 0e femms
18 mem [prefetchnta prefetcht0 prefetcht1 prefetcht2] Mb; 18/6 mem prefetchit1 Mb; 18/7 mem prefetchit0 Mb; 18 nop Ev; 1c/0 np mem cldemote Mb; 19-1d nop Ev; 1e=fa f3 endbr64; 1e=fb f3 endbr32
1e/1 f3 w1 reg rdsspq Rq; 1e/1 f3 w0 reg rdsspd Rd; 1e nop Ev; 1f nop Ev
20 mov Hq C; 21 mov Hq D; 22 mov C Hq; 23 mov D Hq
30 wrmsr; 31 rdtsc; 32 rdmsr; 33 rdpmc; 34 sysenter; 35 sysexit/sysexit/sysexitq; 37 getsec
40-4f cmov? Gv Ev; 78 np vmread Eq Gq; 79 np vmwrite Gq Eq
80-8f j? Jz f64; 90-9f set? Eb
a0 push fs d64; a1 pop fs d64; a2 cpuid; a3 bt Ev Gv; a4 shld Ev Gv Ib; a5 shld Ev Gv cl
a8 push gs d64; a9 pop gs d64; aa rsm; ab bts Ev Gv; ac shrd Ev Gv Ib; ad shrd Ev Gv cl; af imul Gv Ev
ae/0 np mem fxsave/fxsave/fxsave64 M; ae/1 np mem fxrstor/fxrstor/fxrstor64 M; ae/2 np mem ldmxcsr Md; ae/3 np mem stmxcsr Md
ae/4 np mem xsave/xsave/xsave64 M; ae/5 np mem xrstor/xrstor/xrstor64 M; ae/6 np mem xsaveopt/xsaveopt/xsaveopt64 M; ae/7 np mem clflush Mb
ae/6 66 mem clwb Mb; ae/7 66 mem clflushopt Mb; ae/5 np reg lfence; ae/6 np reg mfence; ae/7 np reg sfence
ae/0 f3 reg rdfsbase Ry; ae/1 f3 reg rdgsbase Ry; ae/2 f3 reg wrfsbase Ry; ae/3 f3 reg wrgsbase Ry; ae/4 f3 ptwrite Ey
ae/5 f3 w0 reg incsspd Rd; ae/5 f3 w1 reg incsspq Rq; ae/6 f3 mem clrssbsy Mq; ae/6 66 reg tpause Ry; ae/6 f3 reg umonitor Ra; ae/6 f2 reg umwait Ry
b0 cmpxchg Eb Gb; b1 cmpxchg Ev Gv; b2 mem lss Gv Mp; b3 btr Ev Gv; b4 mem lfs Gv Mp; b5 mem lgs Gv Mp; b6 movzx Gv Eb; b7 movzx Gv Ew
b8 f3 popcnt Gv Ev; b9 ud1 Gv Ev; ba [- - - - bt bts btr btc] Ev Ib; bb btc Ev Gv; bc f3 tzcnt Gv Ev; bc bsf Gv Ev
bd f3 lzcnt Gv Ev; bd bsr Gv Ev; be movsx Gv Eb; bf movsx Gv Ew
c0 xadd Eb Gb; c1 xadd Ev Gv; c3 np mem movnti My Gy; c7/1 w0 mem cmpxchg8b Mq; c7/1 w1 mem cmpxchg16b Mx
c7/3 np mem xrstors/xrstors/xrstors64 M; c7/4 np mem xsavec/xsavec/xsavec64 M; c7/5 np mem xsaves/xsaves/xsaves64 M
c7/6 f3 mem vmxon Mq; c7/6 66 mem vmclear Mq; c7/6 np mem vmptrld Mq; c7/7 np mem vmptrst Mq; c7/7 f3 reg rdpid Rq; c7/6 f3 reg senduipi Rq; c7/6 reg rdrand Rv; c7/7 reg rdseed Rv
c8-cf bswap Zv
ff ud0 Gv Ev
`;

export const map0f38 = (): string => `
80 66 mem invept Gq Mx; 81 66 mem invvpid Gq Mx; 82 66 mem invpcid Gq Mx
f0 f2 crc32 Gy Eb; f1 f2 crc32 Gy Ev; f0 mem movbe Gv Mv; f1 mem movbe Mv Gv
f6 66 adcx Gy Ey; f6 f3 adox Gy Ey; f8 66 mem movdir64b Ga M; f8 f3 mem enqcmds Ga M; f8 f2 mem enqcmd Ga M; f9 np mem movdiri My Gy
`;

export const map0f3a = (): string => '';

/** VEX-encoded integer instructions: map 2 and, after the bar, map 3. */
export const vexIntegerMaps = (): string => `
f2 np andn Gy By Ey; f3 np [- blsr blsmsk blsi] By Ey
f5 np bzhi Gy Ey By; f5 f3 pext Gy By Ey; f5 f2 pdep Gy By Ey; f6 f2 mulx Gy By Ey
f7 np bextr Gy Ey By; f7 66 shlx Gy Ey By; f7 f3 sarx Gy Ey By; f7 f2 shrx Gy Ey By
|f0 f2 rorx Gy Ey Ib
`;
