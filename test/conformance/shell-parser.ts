// The subset of the shell language that scenarios are written in: commands with quotes, $?, $NAME and $(...), `;`, `&&`, `||`,
// pipes, `> FILE`, `for NAME in WORDS; do ...; done`, comments. Anything else is an error, so that a scenario that runs here
// means the same to busybox sh.

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly isQuoted: boolean }
  | { readonly kind: 'substitution'; readonly script: Statement[]; readonly isQuoted: boolean };
export type Word = readonly Part[];

export interface Command { readonly words: readonly Word[]; readonly target: Word | undefined }
export type Statement =
  | { readonly kind: 'pipeline'; readonly line: number; readonly commands: readonly Command[]; /** Runs only after success or failure. */ readonly onlyAfter: 'success' | 'failure' | undefined }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[]; readonly body: readonly Statement[] };

type Token = { readonly kind: 'word'; readonly word: Word; readonly line: number } | { readonly kind: 'operator'; readonly text: string; readonly line: number };

const OPERATORS = ['&&', '||', ';', '|', '>', '\n'];
const UNSUPPORTED = /[`<&(){}*?[\]]/;

class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) { this.#text = text; }

  tokens(end = ''): Token[] {
    const tokens: Token[] = [];
    for (;;) {
      while (this.#peek() === ' ' || this.#peek() === '\t') this.#at++;
      if (this.#peek() === '#') while (this.#at < this.#text.length && this.#peek() !== '\n') this.#at++;
      const line = this.#line;
      if (this.#at >= this.#text.length || (end !== '' && this.#peek() === end)) return tokens;
      const operator = OPERATORS.find((candidate) => this.#text.startsWith(candidate, this.#at));
      if (operator === undefined) tokens.push({ kind: 'word', word: this.#word(end), line });
      else {
        this.#at += operator.length;
        if (operator === '\n') this.#line++;
        tokens.push({ kind: 'operator', text: operator === '\n' ? ';' : operator, line });
      }
    }
  }
  get position(): number { return this.#at; }

  #peek(): string { return this.#text[this.#at] ?? ''; }
  #word(end: string): Word {
    const parts: Part[] = [];
    const add = (text: string): void => {
      const last = parts.at(-1);
      if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + text };
      else parts.push({ kind: 'text', text });
    };
    while (this.#at < this.#text.length) {
      const c = this.#peek();
      if (/[ \t\n;|>]/.test(c) || c === end || this.#text.startsWith('&&', this.#at)) break;
      this.#at++;
      if (c === "'") add(this.#until("'"));
      else if (c === '"') {
        add('');
        while (this.#peek() !== '"') {
          if (this.#at >= this.#text.length) throw new Error(`line ${this.#line}: unterminated quote`);
          const d = this.#text[this.#at++]!;
          if (d === '$') parts.push(this.#expansion(true));
          else add(d === '\\' ? this.#text[this.#at++]! : d);
        }
        this.#at++;
      } else if (c === '$') parts.push(this.#expansion(false));
      else if (c === '\\') add(this.#text[this.#at++]!);
      else if (UNSUPPORTED.test(c)) throw new Error(`line ${this.#line}: '${c}' is not understood here; quote it`);
      else add(c);
    }
    return parts;
  }
  #until(quote: string): string {
    const end = this.#text.indexOf(quote, this.#at);
    if (end < 0) throw new Error(`line ${this.#line}: unterminated quote`);
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }
  #expansion(isQuoted: boolean): Part {
    if (this.#peek() === '(') {
      this.#at++;
      const inner = new Lexer(this.#text.slice(this.#at));
      const script = parseTokens(inner.tokens(')'));
      this.#at += inner.position + 1;
      return { kind: 'substitution', script, isQuoted };
    }
    const name = /^(?:\?|\w+)/.exec(this.#text.slice(this.#at))?.[0];
    if (name === undefined) throw new Error(`line ${this.#line}: $ is not followed by a name`);
    this.#at += name.length;
    return { kind: 'variable', name, isQuoted };
  }
}

const isKeyword = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'word' && token.word.length === 1 && token.word[0]!.kind === 'text' && token.word[0]!.text === text;

function parseTokens(tokens: readonly Token[]): Statement[] {
  let at = 0;
  const statements = (end: string | undefined): Statement[] => {
    const list: Statement[] = [];
    let onlyAfter: 'success' | 'failure' | undefined;
    for (;;) {
      const token = tokens[at];
      if (token === undefined) {
        if (end !== undefined) throw new Error(`'${end}' is missing`);
        return list;
      }
      if (end !== undefined && isKeyword(token, end)) {
        at++;
        return list;
      }
      if (token.kind === 'operator') {
        onlyAfter = token.text === '&&' ? 'success' : token.text === '||' ? 'failure' : undefined;
        at++;
      } else list.push(isKeyword(token, 'for') ? loop() : { kind: 'pipeline', line: token.line, commands: pipeline(), onlyAfter });
    }
  };
  const words = (): Word[] => {
    const list: Word[] = [];
    for (let token = tokens[at]; token?.kind === 'word'; token = tokens[++at]) list.push(token.word);
    return list;
  };
  const pipeline = (): Command[] => {
    const commands: Command[] = [];
    for (;;) {
      const command = words();
      let target: Word | undefined;
      const next = tokens[at];
      if (next?.kind === 'operator' && next.text === '>') {
        at++;
        const file = tokens[at++];
        if (file?.kind !== 'word') throw new Error(`line ${next.line}: > is not followed by a file`);
        target = file.word;
      }
      commands.push({ words: command, target });
      const after = tokens[at];
      if (after?.kind !== 'operator' || after.text !== '|') return commands;
      at++;
    }
  };
  const loop = (): Statement => {
    at++;
    const [name, keyword, ...list] = words();
    const nameText = name?.[0]?.kind === 'text' ? name[0].text : '';
    if (!/^\w+$/.test(nameText) || keyword?.[0]?.kind !== 'text' || keyword[0].text !== 'in') throw new Error('for: expected NAME in WORDS');
    while (tokens[at]?.kind === 'operator') at++;
    if (!isKeyword(tokens[at], 'do')) throw new Error("for: 'do' is missing");
    at++;
    return { kind: 'for', name: nameText, words: list, body: statements('done') };
  };
  return statements(undefined);
}

export const parseScript = (text: string): Statement[] => parseTokens(new Lexer(text).tokens());
