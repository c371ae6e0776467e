// Scenarios whose transcript kobox does not reach yet, and why. Their tests fail when they pass, so that this list stays true.

export const knownDifferences: Readonly<Record<string, string>> = {
  'irq-misuse': 'reports from interrupts do not show the interrupted code apart (<IRQ>)',
  'irq-unhandled': 'reports from interrupts do not show the interrupted code apart (<IRQ>)',
};
