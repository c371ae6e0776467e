// Variable arguments of a `...` function, as a handler written in TypeScript sees them.

/** Read in order; a handler gets them as its last argument, valid until it sleeps. */
export interface VaList {
  /** Next argument as unsigned 64-bit word. */
  next(): bigint;
}
