// Scenarios whose transcript kobox does not reach yet, and why. Their tests fail when they pass, so that this list stays true.

export const knownDifferences: Readonly<Record<string, string>> = {
  'lib-parse': 'notifier chains refuse a block that is registered twice, but do not warn',
};
