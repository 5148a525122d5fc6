/**
 * What the process answers to scripts. `interrupted` is what shells report for a program ended by Ctrl-C (128 + 2):
 * the wait was given up by hand, while what was waited for goes on.
 */
export const EXIT_STATUS = { done: 0, failed: 1, usage: 2, timedOut: 3, interrupted: 130 } as const;
