// Scenarios whose transcript kobox does not reach yet, and why. Their tests fail when they pass, so that this list stays true.

export const knownDifferences: Readonly<Record<string, string>> = {
};
