import { z } from 'zod';

/* Fields of answers that may be missing: a client may be older or newer than the service that it asks. */

export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

export const number = z
  .number()
  .nullish()
  .transform((value) => value ?? null);

export const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
