import { openStore, type Store } from '../../src/store/store.ts';
import { openTempFolder } from '../support/temp-folder.ts';

/** A store in a folder of its own, closed and gone with its scope. */
export async function openTestStore(): Promise<AsyncDisposable & { readonly store: Store; readonly folder: string }> {
  const folder = await openTempFolder('store');
  const store = await openStore({ folder: folder.path });
  return {
    store,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await store.close();
      await folder.remove();
    },
  };
}
