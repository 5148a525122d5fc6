import type { en } from './en.ts';

/** Everything that the command line says to people, by key; a language is one value of this type. */
export type Texts = typeof en;
