// Tables that most runs never need: made when first asked for. They are constants, so that nothing can tell when.

export const lazy = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => made ??= make();
};
