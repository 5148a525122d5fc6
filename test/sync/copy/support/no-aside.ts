import type { BlobAside } from '../../../../src/sync/copy/blob-depot.ts';

/** For sources that give their bytes in order. */
export const noAside: BlobAside = {
  kept: [],
  put: () => Promise.reject(new Error('nothing can be put aside here')),
  read: () => {
    throw new Error('nothing was put aside here');
  },
};
