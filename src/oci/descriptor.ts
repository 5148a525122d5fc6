import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/** What names a piece of content: its type, its digest and its size in bytes (OCI image-spec 1.1, descriptor.md). */
export type Descriptor = {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
};
