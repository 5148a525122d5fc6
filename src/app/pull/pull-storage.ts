import type { RegistryStorage } from '../../api/v2/registry-storage.ts';
import { Failure } from '../../kernel/failure.ts';
import type { ImagePulls } from '../../pull/image-pulls.ts';

/** What the distribution protocol needs for pulls; the doors that use it let nobody write. */
export function pullStorage(pulls: ImagePulls): RegistryStorage {
  const refuse = async (): Promise<never> => {
    throw new Failure('validation_failed', 'images are only pulled here; push them to the service');
  };
  return {
    hasRepository: async (repository) => (await pulls.listTags(repository)) !== undefined,
    createRepository: refuse,
    findBlob: (repository, digest) => pulls.findBlob(repository, digest),
    openBlob: (repository, digest, range) => pulls.openBlob(repository, digest, range),
    mountBlob: refuse,
    deleteBlob: refuse,
    startUpload: refuse,
    findUpload: refuse,
    appendUpload: refuse,
    finishUpload: refuse,
    cancelUpload: refuse,
    findManifest: (repository, reference) => pulls.findManifest(repository, reference),
    hasManifest: async (repository, digest) => (await pulls.findManifest(repository, digest)) !== undefined,
    findTag: async (repository, tag) => (await pulls.findManifest(repository, tag))?.digest,
    putManifest: refuse,
    deleteManifest: refuse,
    deleteTag: refuse,
    listTags: (repository) => pulls.listTags(repository),
    listReferrers: async (repository, subject) =>
      [...(await pulls.listReferrers(repository, subject))].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
  };
}
