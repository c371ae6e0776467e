// Splits a module's parameter string into items (spec 5.2): whitespace separates, double quotes protect it, the first `=` that is
// not an item's first character separates name and value. Linux: lib/cmdline.c.

export interface ParamItem {
  readonly name: string;
  /** undefined: no `=`. */
  readonly value: string | undefined;
  /** Offset of the byte behind the name in the whole string; Linux turns it into NUL, the `=` as well as the separator. */
  readonly nameEnd: number;
  /** Offset of the value, and of the byte behind it (which Linux turns into NUL). */
  readonly valueStart: number;
  readonly valueEnd: number;
}
export interface ParamString {
  readonly items: readonly ParamItem[];
  /** What follows `--`, undefined when there is none. */
  readonly rest: string | undefined;
}

const isSpace = (c: string | undefined): boolean => c === ' ' || (c !== undefined && c >= '\t' && c <= '\r') || c === '\xa0';

export function splitParameters(text: string): ParamString {
  const items: ParamItem[] = [];
  let at = 0;
  const skipSpaces = (): void => { while (at < text.length && isSpace(text[at])) at++; };
  skipSpaces();
  while (at < text.length) {
    const { item, end } = readItem(text, at);
    at = end;
    skipSpaces();
    if (item.name === '--' && item.value === undefined) return { items, rest: text.slice(at) };
    items.push(item);
  }
  return { items, rest: undefined };
}

function readItem(text: string, from: number): { readonly item: ParamItem; readonly end: number } {
  const isQuoted = text[from] === '"';
  const start = isQuoted ? from + 1 : from;
  let inQuote = isQuoted;
  let equals = -1;
  let at = start;
  for (; at < text.length; at++) {
    const c = text[at];
    if (isSpace(c) && !inQuote) break;
    if (equals < 0 && c === '=' && at > start) equals = at;
    if (c === '"') inQuote = !inQuote;
  }
  const endsQuoted = at > start && text[at - 1] === '"';
  if (equals < 0) {
    const nameEnd = isQuoted && endsQuoted ? at - 1 : at;
    return { item: { name: text.slice(start, nameEnd), value: undefined, nameEnd, valueStart: nameEnd, valueEnd: nameEnd }, end: at };
  }
  let valueStart = equals + 1;
  let valueEnd = at;
  const isValueQuoted = text[valueStart] === '"' && valueStart < at;
  if (isValueQuoted) valueStart++;
  if ((isValueQuoted || isQuoted) && endsQuoted && valueEnd > valueStart) valueEnd--;
  return { item: { name: text.slice(start, equals), value: text.slice(valueStart, valueEnd), nameEnd: equals, valueStart, valueEnd }, end: at };
}

/** Parameter names compare with `-` and `_` alike. */
export function isSameParameter(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.replaceAll('-', '_') === b.replaceAll('-', '_'));
}
