import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { BlobDepot } from './blob-depot.ts';
import type { BlobOrigin } from './blob-origin.ts';

/**
 * What an image runs on by its config, landing the config in the depot; undefined when the config does not say.
 * Source: OCI image-spec 1.1 config.md, `os`, `architecture` and `variant`; Docker's config has the same fields.
 */
export async function readConfigPlatform({
  config,
  origin,
  depot,
  signal,
}: {
  config: Descriptor;
  origin: BlobOrigin;
  depot: BlobDepot;
  signal: AbortSignal;
}): Promise<Platform | undefined> {
  const { digest, size } = config;
  if (size > MAX_MANIFEST_BYTES) return undefined;
  const open = async (offset: number, abort: AbortSignal) => {
    const opened = await origin.openBlob(digest, { offset }, abort);
    if (opened !== undefined) return opened;
    throw new Failure('content_missing', `reading config ${digest} from ${origin.label}: it does not have it`, {
      side: 'source',
      step: 'blob read',
    });
  };
  await (await depot.land({ digest, size }, open, signal)).landed;
  const bytes = await depot.readBytes(digest, MAX_MANIFEST_BYTES);
  return bytes === undefined ? undefined : findPlatform(bytes);
}

function findPlatform(bytes: Uint8Array): Platform | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { os, architecture, variant } = value as Record<string, unknown>;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  return { os, architecture, ...(typeof variant === 'string' ? { variant } : {}) };
}
