import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, type DigestAlgorithm, digestOf } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import type { GrowingReader, GrowingUpload, UploadGrowth } from '../../sync/copy/growing-upload.ts';
import { BEGINNING_BYTES } from '../beginnings.ts';
import type { Depot } from '../depot-port.ts';
import { readFileRange } from '../read-file-range.ts';
import type { GrownSession, UploadWatch } from '../registry-folder/upload-watch.ts';
import { GrowingUploadReader } from './growing-upload-reader.ts';
import { KeptFile } from './kept-file.ts';
import { haveSameBytes } from './same-bytes.ts';

/** What uploads are read with, and compared to. */
export type UploadParts = {
  readonly openHash: OpenHash;
  readonly depot: Pick<Depot, 'findAlike' | 'openFile'>;
};

/** The door's upload sessions as blobs that grow, for whoever would like to read them before they are whole. */
export class GrowingUploads implements UploadWatch {
  readonly #uploads = new Map<string, SessionUpload>();
  readonly #parts: UploadParts;
  readonly #growth: () => UploadGrowth;

  constructor(parts: UploadParts, growth: () => UploadGrowth) {
    this.#parts = parts;
    this.#growth = growth;
  }

  grown(session: GrownSession): void {
    let upload = this.#uploads.get(session.id);
    if (upload === undefined) {
      upload = new SessionUpload(session, this.#parts);
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
  readonly #parts: UploadParts;
  readonly #waiters = new Set<{ readonly bytes: number; readonly resolve: () => void }>();

  constructor({ id, repository, algorithm, path }: GrownSession, parts: UploadParts) {
    this.id = id;
    this.repository = repository;
    this.algorithm = algorithm;
    this.file = new KeptFile(path);
    this.#parts = parts;
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
    signal.throwIfAborted();
    if (this.#isBeyond(bytes)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { bytes, resolve };
    const onAbort = () => reject(signal.reason);
    this.#waiters.add(waiter);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async hashBeginning(bytes: number): Promise<string> {
    return digestOf(await this.#readBeginning(bytes));
  }

  async findAlike(): Promise<readonly Digest[]> {
    if (this.sizeBytes < BEGINNING_BYTES) return [];
    return this.#parts.depot.findAlike(await this.#readBeginning(BEGINNING_BYTES));
  }

  async differsFrom(digest: Digest, signal: AbortSignal): Promise<boolean> {
    const other = await this.#parts.depot.openFile(digest);
    if (other === undefined) return true;
    const own = await this.file.keep();
    try {
      for (let start = 0; ; ) {
        const end = this.sizeBytes;
        if (!(await haveSameBytes(own, other, { start, end }))) return true;
        start = end;
        if (this.blob !== undefined) return this.blob.digest !== digest;
        await this.waitBeyond(start, signal);
      }
    } finally {
      this.file.letGo();
      await other.close();
    }
  }

  async keep(): Promise<() => void> {
    await this.file.keep();
    return () => this.file.letGo();
  }

  async openReader(): Promise<GrowingReader> {
    return new GrowingUploadReader(this, await this.file.keep(), this.#parts.openHash(this.algorithm));
  }

  async #readBeginning(bytes: number): Promise<Uint8Array> {
    const file = await this.file.keep();
    try {
      return await Array.fromAsync(readFileRange(file, 0, bytes)).then((pieces) => Buffer.concat(pieces));
    } finally {
      this.file.letGo();
    }
  }

  #isBeyond(bytes: number): boolean {
    return this.sizeBytes > bytes || this.blob !== undefined;
  }

  #tell(): void {
    for (const { bytes, resolve } of this.#waiters) if (this.#isBeyond(bytes)) resolve();
  }
}
