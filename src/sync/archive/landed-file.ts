import type { Digest } from '../../oci/digest.ts';
import type { ContentForm } from './content-form.ts';

/** Content as the depot keeps it. */
export type StoredContent = { readonly digest: Digest; readonly size: number };

/** A file of the archive whose bytes are in the depot. */
export type LandedFile = {
  readonly path: string;
  /** Digest and size of the bytes as the archive has them. */
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly form: ContentForm;
  /** sha256 of those bytes, whatever algorithm the file is named by. */
  readonly sha256: Digest;
  /** What the depot has: the same bytes, or for form `tar` the gzip of them. */
  readonly stored: StoredContent;
};
