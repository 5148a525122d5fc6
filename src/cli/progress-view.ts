import type { Push } from './api-schema.ts';

/** Shows how a push comes along, in the way that fits whoever reads it. Closing it leaves the cursor on an empty line. */
export type ProgressView = Disposable & {
  update(push: Push): void;
  /** One sentence about the following itself. */
  notice(text: string): void;
};
