import { isFailure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestAlgorithm } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { MountOrSession, UploadSession } from '../../registry/registry-client.ts';
import type { UploadJournal } from '../push/push-store.ts';
import type { BlobDepot, OpenBlob } from './blob-depot.ts';
import type { BlobLocations } from './blob-locations.ts';
import { atSide } from './blob-origin.ts';
import type { CopyProgress } from './copy-progress.ts';
import type { CopyTarget } from './copy-target.ts';
import { dropUpload, dropUploadInTurn } from './drop-upload.ts';
import { isPatient, type Pause, pauseBefore } from './pause-before.ts';
import type { Place } from './slots.ts';
import { untilSettled } from './until-settled.ts';
import { uploadBlob } from './upload-blob.ts';
import { wholeContent } from './upload-content.ts';
import { UploadNotes } from './upload-notes.ts';

export type MoveBlob = {
  readonly target: CopyTarget;
  readonly repository: RepositoryName;
  readonly depot: BlobDepot;
  readonly openSource: (blob: Descriptor) => OpenBlob;
  readonly journal: UploadJournal;
  readonly locations: BlobLocations;
  readonly progress: CopyProgress;
  readonly onLanded: (bytes: number) => void;
  readonly pause: Pause;
  readonly nowMs: () => number;
  /** Who shares the registry's places fairly with others; without it, this very copy. */
  readonly owner?: object;
};

/**
 * Brings one blob that the repository lacks to it: by mounting it from another repository of the registry where one
 * has it, else by sending it, in a place of its own. Of several copies that need the same blob at one registry, one
 * sends it and the others wait and then find or mount it.
 */
export async function moveBlob(move: MoveBlob, blob: Descriptor, signal: AbortSignal): Promise<void> {
  const { target, repository, progress, locations } = move;
  for (let leader = target.crossing.get(blob.digest); leader !== undefined; leader = target.crossing.get(blob.digest)) {
    if ((await untilSettled(leader, signal)) === repository) {
      // The registry has just said so; the whole image is looked at again at the end.
      progress.done('shared', blob.size, blob.digest);
      return;
    }
    if (await isThere(move, blob, signal)) {
      progress.done('shared', blob.size, blob.digest);
      await dropUploadInTurn(move, blob.digest, signal);
      return;
    }
  }
  const crossing = target.slots
    .run((place) => mountOrSend(move, blob, place, signal), signal, move.owner ?? move)
    .then(() => repository);
  target.crossing.set(blob.digest, crossing);
  try {
    await crossing;
    await locations.add(target.name, repository, [blob.digest]);
  } finally {
    target.crossing.delete(blob.digest);
  }
}

async function isThere({ target, repository }: MoveBlob, blob: Descriptor, signal: AbortSignal): Promise<boolean> {
  const found = await atSide('target', 'blob check', () => target.client.headBlob(repository, blob.digest, { signal }));
  return found !== undefined;
}

async function mountOrSend(move: MoveBlob, blob: Descriptor, place: Place, signal: AbortSignal): Promise<void> {
  const { target, repository, journal, locations, progress } = move;
  const from = await locations.find(target.name, blob.digest);
  if (from === repository && (await isThere(move, blob, signal))) {
    // Another copy has sent it since this one asked what was missing.
    await dropUpload(move, blob.digest, signal);
    progress.done('shared', blob.size, blob.digest);
    return;
  }
  const isUnderWay = (await journal.find(target.name, repository, blob.digest)) !== undefined;
  let session: UploadSession | undefined;
  if (from !== undefined && from !== repository && !isUnderWay) {
    const answer = await mount(move, blob, from, signal);
    if (answer?.kind === 'mounted') {
      progress.done('mounted', blob.size, blob.digest);
      return;
    }
    session = answer?.session;
  }
  const landing = await move.depot.land(blob, move.openSource(blob), signal, move.onLanded);
  const reader = landing.openReader();
  try {
    await atSide('target', 'blob upload', () =>
      uploadBlob(
        {
          registry: target.name,
          client: target.client,
          repository,
          content: wholeContent(blob, reader),
          journal,
          chunkBytes: target.chunkBytes,
          pause: move.pause,
          nowMs: move.nowMs,
          betweenChunks: () => place.giveWay(),
          onSent: (bytes, again) => progress.sent(bytes, again),
          onResumed: (bytes) => progress.resumed(bytes),
          onReplaced: (cause) => progress.replaced('upload', cause),
          onRestarted: () => progress.restarted(),
        },
        session,
        signal,
      ),
    );
  } finally {
    reader.close();
  }
  progress.done('moved', blob.size, blob.digest);
}

/** Asks for a mount. What cannot be mounted, whatever the reason, is sent: undefined, or the session that was given instead. */
async function mount(
  move: MoveBlob,
  blob: Descriptor,
  from: RepositoryName,
  signal: AbortSignal,
): Promise<MountOrSession | undefined> {
  const { target, repository, locations } = move;
  const { digest } = blob;
  const algorithm = digestAlgorithm(digest);
  try {
    const answer = await atSide('target', 'blob mount', () =>
      target.client.startUpload(repository, { signal, mount: { digest, from }, algorithm }),
    );
    if (answer.kind === 'session') {
      // At once: the blob may have to land first, and that may take longer than this process lives.
      await new UploadNotes({ ...move, registry: target.name }, digest).save(answer.session, 0, 0);
      await locations.forget(target.name, digest);
    }
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (!isFailure(error) || !isPatient(error)) throw error;
    const isRefusal = error.code === 'remote_denied' || !error.mayRetry;
    if (isRefusal) await locations.forget(target.name, digest);
    else await move.pause(pauseBefore(1, error.details.retryAfterMs), signal);
    return undefined;
  }
}
