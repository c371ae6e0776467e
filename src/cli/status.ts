// What passes between the command line and a subcommand: its options in, its exit status out.

export type Options = Readonly<Record<string, string | boolean | undefined>>;

export const STATUS = { ok: 0, failed: 1, usage: 2, oops: 3, panic: 4 } as const;
