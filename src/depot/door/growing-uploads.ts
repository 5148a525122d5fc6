import type { Descriptor } from '../../oci/descriptor.ts';
import { type DigestAlgorithm, DigestHasher } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import type { GrowingReader, GrowingUpload, UploadGrowth } from '../../sync/copy/growing-upload.ts';
import { readFileRange } from '../read-file-range.ts';
import type { GrownSession, UploadWatch } from '../registry-folder/upload-watch.ts';
import { GrowingUploadReader } from './growing-upload-reader.ts';
import { KeptFile } from './kept-file.ts';

/** The door's upload sessions as blobs that grow, for whoever would like to read them before they are whole. */
export class GrowingUploads implements UploadWatch {
  readonly #uploads = new Map<string, SessionUpload>();
  readonly #openHash: OpenHash;
  readonly #growth: () => UploadGrowth;

  constructor(openHash: OpenHash, growth: () => UploadGrowth) {
    this.#openHash = openHash;
    this.#growth = growth;
  }

  grown(session: GrownSession): void {
    let upload = this.#uploads.get(session.id);
    if (upload === undefined) {
      upload = new SessionUpload(session, this.#openHash);
      this.#uploads.set(session.id, upload);
    }
    upload.growTo(session.sizeBytes);
    this.#growth().grown(upload);
  }

  verified(id: string, blob: Pick<Descriptor, 'digest' | 'size'>): void {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return;
    upload.verify(blob);
    this.#growth().verified(upload);
  }

  ended(id: string): void {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return;
    this.#uploads.delete(id);
    this.#growth().ended(upload);
  }
}

class SessionUpload implements GrowingUpload {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly algorithm: DigestAlgorithm;
  readonly file: KeptFile;
  sizeBytes = 0;
  blob: Pick<Descriptor, 'digest' | 'size'> | undefined;
  readonly #openHash: OpenHash;
  #wake = Promise.withResolvers<void>();

  constructor({ id, repository, algorithm, path }: GrownSession, openHash: OpenHash) {
    this.id = id;
    this.repository = repository;
    this.algorithm = algorithm;
    this.file = new KeptFile(path);
    this.#openHash = openHash;
  }

  growTo(sizeBytes: number): void {
    this.sizeBytes = sizeBytes;
    this.#tell();
  }

  verify(blob: Pick<Descriptor, 'digest' | 'size'>): void {
    this.blob = blob;
    this.#tell();
  }

  async waitBeyond(bytes: number, signal: AbortSignal): Promise<void> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (this.sizeBytes <= bytes && this.blob === undefined) await Promise.race([this.#wake.promise, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async hashBeginning(bytes: number): Promise<string> {
    const hasher = new DigestHasher('sha256');
    const file = await this.file.keep();
    try {
      for await (const piece of readFileRange(file, 0, bytes)) hasher.update(piece);
    } finally {
      this.file.letGo();
    }
    return hasher.finish();
  }

  async keep(): Promise<() => void> {
    await this.file.keep();
    return () => this.file.letGo();
  }

  async openReader(): Promise<GrowingReader> {
    return new GrowingUploadReader(this, await this.file.keep(), this.#openHash(this.algorithm));
  }

  #tell(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }
}
