// Field paths as types. `StructMembers` (generated) lists the members of the structs that kernel code names; with it
// `abi.struct('module').field('mkobj.kobj.nmae')` does not compile. A path that is no literal, and a struct that is not listed,
// are checked when they are looked up.

import type { StructMembers } from './generated/structs.generated.ts';

/** Members of a struct by name, or written out for an anonymous one. */
type MembersOf<S> = S extends keyof StructMembers ? StructMembers[S] : S extends string ? never : S;

/** Type of member `Name`: a struct's name or members, `[element]` for an array, number or bigint for a scalar; never if absent. */
type MemberType<S, Name> = MembersOf<S> extends infer M ? (Name extends keyof M ? M[Name] : never) : never;

/** `a`, `a[2]` or `a[2][3]`. */
type Step<S, Text extends string> = Text extends `${infer Name}[${infer Indices}`
  ? Element<MemberType<S, Name>, Indices>
  : MemberType<S, Text>;
type Element<T, Indices extends string> = T extends readonly [infer E]
  ? (Indices extends `${number}][${infer More}` ? Element<E, More> : Indices extends `${number}]` ? E : never)
  : never;

/** What a path leads to; never if it leads nowhere. */
type Target<S, Path extends string> = Path extends `${infer Head}.${infer Rest}`
  ? (Step<S, Head> extends infer T ? ([T] extends [never] ? never : Target<T, Rest>) : never)
  : Step<S, Path>;

/** True for one known path, false for `string` and for patterns such as `mem[${number}].base`: those index, they name no member. */
type IsLiteral<Path extends string> = Record<never, never> extends Record<Path, 1> ? false : true;

/** `Path` itself where it is valid or cannot be known, a text that says what is wrong where it is not. */
export type ValidPath<Name extends string, Path extends string> = IsLiteral<Path> extends true
  ? ([Target<Name, Path>] extends [never] ? `struct ${Name} has no field ${Path}` : Path)
  : Path;

/** What `read` gives for a field. */
export type ScalarAt<Name extends string, Path extends string> = IsLiteral<Path> extends true
  ? (Target<Name, Path> extends number ? number : Target<Name, Path> extends bigint ? bigint : number | bigint)
  : number | bigint;
