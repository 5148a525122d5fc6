import { type Digest, digestAlgorithm, digestHex } from './digest.ts';
import type { Tag } from './tag.ts';

/**
 * The tag under which registries without the referrers API keep the referrers of a digest: `sha256-<hex>`,
 * algorithm cut to 32 and hex to 64 characters. Source: distribution-spec 1.1, "Referrers Tag Schema".
 */
export function referrersTag(digest: Digest): Tag {
  return `${digestAlgorithm(digest).slice(0, 32)}-${digestHex(digest).slice(0, 64)}` as Tag;
}

/** Is this a fallback tag, or one that cosign hangs on a digest (`sha256-<hex>.sig`, `.att`, `.sbom`)? Such tags are attachments, not releases. */
export function isAttachmentTag(tag: string): boolean {
  return /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{64})(?:\.[a-z]+)?$/.test(tag);
}
