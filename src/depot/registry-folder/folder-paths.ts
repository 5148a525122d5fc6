import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';

/**
 * Where everything is:
 *
 *     blobs/ALGORITHM/xx/HEX                          each content once
 *     repositories/NAME/_blobs/ALGORITHM/HEX          a hard link to it for each repository that holds it
 *     repositories/NAME/_manifests/ALGORITHM/HEX      one line of JSON about a manifest, then its bytes
 *     repositories/NAME/_tags/TAG                     the digest it names
 *     repositories/NAME/_referrers/ALGORITHM-HEX/…    one descriptor a file, below its subject's digest
 *     repositories/NAME/_deleted/…                    an empty file for each tag and digest that was deleted, where it is noted
 *     uploads/ID.data, uploads/ID.json                a session's bytes, and what it is
 *     unfinished/                                     files on their way to their name
 *
 * Parts of a repository's name never begin with an underscore, so names may nest. Since links count themselves, a
 * content that no repository holds is recognised by its link count alone.
 */
export class FolderPaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get uploads(): string {
    return join(this.root, 'uploads');
  }

  get unfinished(): string {
    return join(this.root, 'unfinished');
  }

  content(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.root, 'blobs', digestAlgorithm(digest), hex.slice(0, 2), hex);
  }

  repository(name: RepositoryName): string {
    return join(this.root, 'repositories', name);
  }

  blobs(name: RepositoryName): string {
    return join(this.repository(name), '_blobs');
  }

  blob(name: RepositoryName, digest: Digest): string {
    return join(this.blobs(name), digestAlgorithm(digest), digestHex(digest));
  }

  manifests(name: RepositoryName): string {
    return join(this.repository(name), '_manifests');
  }

  manifest(name: RepositoryName, digest: Digest): string {
    return join(this.manifests(name), digestAlgorithm(digest), digestHex(digest));
  }

  tags(name: RepositoryName): string {
    return join(this.repository(name), '_tags');
  }

  tag(name: RepositoryName, tag: Tag): string {
    return join(this.tags(name), tag);
  }

  referrers(name: RepositoryName, subject: Digest): string {
    return join(this.repository(name), '_referrers', subject.replace(':', '-'));
  }

  referrer(name: RepositoryName, subject: Digest, referrer: Digest): string {
    return join(this.referrers(name, subject), referrer.replace(':', '-'));
  }

  deleted(name: RepositoryName): string {
    return join(this.repository(name), '_deleted');
  }

  uploadData(id: string): string {
    return join(this.uploads, `${id}.data`);
  }

  uploadFacts(id: string): string {
    return join(this.uploads, `${id}.json`);
  }
}
