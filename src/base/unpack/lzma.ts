// The LZMA decoder of the LZMA specification (Igor Pavlov, public domain): a range coder over adaptive bit models, literals and
// matches into a window. Here the window is the whole output, which grows as it is written.

export class UnpackError extends Error {}

const TOP = 0x100_0000;
const MODEL_BITS = 11;
const MODEL_INIT = 1 << (MODEL_BITS - 1);
const MOVE_BITS = 5;

const NR_STATES = 12;
const POS_STATES_MAX = 16;
const MATCH_MIN = 2;
const FIRST_ALIGNED_SLOT = 14;
const FULL_DISTANCES = 128;

// Where each set of models begins in the one array that holds them all.
const IS_MATCH = 0;
const IS_REP = IS_MATCH + NR_STATES * POS_STATES_MAX;
const IS_REP_G0 = IS_REP + NR_STATES;
const IS_REP_G1 = IS_REP_G0 + NR_STATES;
const IS_REP_G2 = IS_REP_G1 + NR_STATES;
const IS_REP0_LONG = IS_REP_G2 + NR_STATES;
const DISTANCE_SLOT = IS_REP0_LONG + NR_STATES * POS_STATES_MAX;
const DISTANCE_SPECIAL = DISTANCE_SLOT + 4 * 64;
const DISTANCE_ALIGN = DISTANCE_SPECIAL + FULL_DISTANCES;
// A length coder: two choice bits, 16 trees of 8, 16 trees of 8, one of 256.
const LENGTH_LOW = 2;
const LENGTH_MID = LENGTH_LOW + POS_STATES_MAX * 8;
const LENGTH_HIGH = LENGTH_MID + POS_STATES_MAX * 8;
const LENGTH_SIZE = LENGTH_HIGH + 256;
const MATCH_LENGTH = DISTANCE_ALIGN + 16;
const REP_LENGTH = MATCH_LENGTH + LENGTH_SIZE;
const LITERAL = REP_LENGTH + LENGTH_SIZE;
const LITERAL_SIZE = 0x300;

export class LzmaDecoder {
  /** The output so far is `out[0, length)`. */
  out = new Uint8Array(1 << 16);
  length = 0;

  #in: Uint8Array = new Uint8Array();
  #at = 0;
  #range = 0;
  #code = 0;
  #models = new Uint16Array(LITERAL);
  #literalContextBits = 0;
  #literalPosMask = 0;
  #posMask = 0;
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  /** First byte that a match may reach back to. */
  #windowStart = 0;

  /** `byte` is (pb * 5 + lp) * 9 + lc. */
  setProperties(byte: number): void {
    const lc = byte % 9;
    const lp = Math.floor(byte / 9) % 5;
    const pb = Math.floor(byte / 45);
    if (pb > 4) throw new UnpackError('LZMA: bad properties');
    this.#literalContextBits = lc;
    this.#literalPosMask = (1 << lp) - 1;
    this.#posMask = (1 << pb) - 1;
    this.#models = new Uint16Array(LITERAL + (LITERAL_SIZE << (lc + lp)));
    this.resetState();
  }
  resetState(): void {
    this.#models.fill(MODEL_INIT);
    this.#state = this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }
  resetWindow(): void { this.#windowStart = this.length; }

  copy(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.out.set(bytes, this.length);
    this.length += bytes.length;
  }
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.out.length) return;
    const grown = new Uint8Array(Math.max(needed, this.out.length * 2));
    grown.set(this.out.subarray(0, this.length));
    this.out = grown;
  }

  /** Decodes exactly `size` bytes from exactly the packed bytes. */
  decode(packed: Uint8Array, size: number): void {
    if (packed.length < 5) throw cutOff();
    this.reserve(size);
    this.#in = packed;
    this.#range = 0xffff_ffff;
    this.#code = ((packed[1]! << 24) | (packed[2]! << 16) | (packed[3]! << 8) | packed[4]!) >>> 0;
    this.#at = 5;
    const end = this.length + size;
    while (this.length < end) this.#step(end);
    // The coder reads ahead one byte at most; more than that means that the input was not what it says.
    if (this.#range < TOP) this.#normalize();
    if (this.#at !== packed.length || this.#code !== 0) throw new UnpackError('LZMA: the data is corrupt');
  }

  #step(end: number): void {
    const posState = (this.length - this.#windowStart) & this.#posMask;
    if (this.#bit(IS_MATCH + this.#state * POS_STATES_MAX + posState) === 0) {
      this.#literal();
      return;
    }
    let length: number;
    if (this.#bit(IS_REP + this.#state) === 0) {
      this.#rep3 = this.#rep2;
      this.#rep2 = this.#rep1;
      this.#rep1 = this.#rep0;
      length = this.#lengthFrom(MATCH_LENGTH, posState);
      this.#state = this.#state < 7 ? 7 : 10;
      this.#rep0 = this.#distance(length);
    } else {
      if (this.#bit(IS_REP_G0 + this.#state) === 0) {
        if (this.#bit(IS_REP0_LONG + this.#state * POS_STATES_MAX + posState) === 0) {
          this.#state = this.#state < 7 ? 9 : 11;
          this.#copyMatch(1, end);
          return;
        }
      } else {
        this.#rotate();
      }
      length = this.#lengthFrom(REP_LENGTH, posState);
      this.#state = this.#state < 7 ? 8 : 11;
    }
    this.#copyMatch(length + MATCH_MIN, end);
  }

  /** Makes one of the older distances the current one. */
  #rotate(): void {
    let distance = this.#rep1;
    if (this.#bit(IS_REP_G1 + this.#state) !== 0) {
      distance = this.#rep2;
      if (this.#bit(IS_REP_G2 + this.#state) !== 0) {
        distance = this.#rep3;
        this.#rep3 = this.#rep2;
      }
      this.#rep2 = this.#rep1;
    }
    this.#rep1 = this.#rep0;
    this.#rep0 = distance;
  }

  #literal(): void {
    const previous = this.length > this.#windowStart ? this.out[this.length - 1]! : 0;
    const context = (((this.length - this.#windowStart) & this.#literalPosMask) << this.#literalContextBits) + (previous >> (8 - this.#literalContextBits));
    const models = LITERAL + LITERAL_SIZE * context;
    let symbol = 1;
    if (this.#state >= 7) {
      let match = this.out[this.#source()]!;
      while (symbol < 0x100) {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const bit = this.#bit(models + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(models + symbol);
    this.out[this.length++] = symbol & 0xff;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  /** Where the current distance points to. */
  #source(): number {
    const source = this.length - this.#rep0 - 1;
    if (source < this.#windowStart) throw new UnpackError('LZMA: a match reaches back too far');
    return source;
  }
  #copyMatch(length: number, end: number): void {
    const source = this.#source();
    if (this.length + length > end) throw new UnpackError('LZMA: a match is too long');
    const { out } = this;
    for (let i = 0, to = this.length; i < length; i++) out[to + i] = out[source + i]!;
    this.length += length;
  }

  #lengthFrom(coder: number, posState: number): number {
    if (this.#bit(coder) === 0) return this.#tree(coder + LENGTH_LOW + posState * 8, 3);
    if (this.#bit(coder + 1) === 0) return 8 + this.#tree(coder + LENGTH_MID + posState * 8, 3);
    return 16 + this.#tree(coder + LENGTH_HIGH, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(DISTANCE_SLOT + Math.min(length, 3) * 64, 6);
    if (slot < 4) return slot;
    const nrDirectBits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** nrDirectBits;
    if (slot < FIRST_ALIGNED_SLOT) return base + this.#reverseTree(DISTANCE_SPECIAL + base - slot, nrDirectBits);
    return base + this.#direct(nrDirectBits - 4) * 16 + this.#reverseTree(DISTANCE_ALIGN, 4);
  }

  #tree(models: number, nrBits: number): number {
    let symbol = 1;
    for (let i = 0; i < nrBits; i++) symbol = (symbol << 1) | this.#bit(models + symbol);
    return symbol - (1 << nrBits);
  }
  #reverseTree(models: number, nrBits: number): number {
    let symbol = 1;
    let value = 0;
    for (let i = 0; i < nrBits; i++) {
      const bit = this.#bit(models + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << i;
    }
    return value;
  }
  /** Bits of equal probability. */
  #direct(nrBits: number): number {
    let value = 0;
    for (let i = 0; i < nrBits; i++) {
      if (this.#range < TOP) this.#normalize();
      this.#range = this.#range >>> 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }
  #bit(model: number): number {
    if (this.#range < TOP) this.#normalize();
    const probability = this.#models[model]!;
    const bound = (this.#range >>> MODEL_BITS) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      this.#models[model] = probability + (((1 << MODEL_BITS) - probability) >> MOVE_BITS);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    this.#models[model] = probability - (probability >> MOVE_BITS);
    return 1;
  }
  #normalize(): void {
    if (this.#at >= this.#in.length) throw cutOff();
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#in[this.#at++]!) >>> 0;
  }
}

const cutOff = (): UnpackError => new UnpackError('LZMA: the data is cut off');
