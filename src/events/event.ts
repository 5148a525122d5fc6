import type { Digest } from '../oci/digest.ts';
import type { PlatformSet } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';

/**
 * What happened, told after it is durable. An event is a hint with just enough to find the thing: whoever acts on it
 * reads the present state; losing one must never lose work.
 */
export type EntrepotEvent =
  | {
      readonly type: 'push.accepted';
      readonly pushId: string;
      readonly name: RepositoryName;
      readonly tag: Tag;
      readonly digest: Digest | null;
      readonly platformSet: PlatformSet;
      readonly at: number;
      readonly release: boolean;
      /** The relay that the choice named when its targets were decided; absent where its request named the targets. */
      readonly relay?: string | null;
    }
  | { readonly type: 'push.changed'; readonly pushId: string }
  | { readonly type: 'push.finished'; readonly pushId: string }
  /** The source has said which digest a push carries. */
  | {
      readonly type: 'push.digest';
      readonly pushId: string;
      readonly name: RepositoryName;
      readonly tag: Tag;
      readonly digest: Digest;
    }
  /** A push ended before its source said a digest: its tag means again what it meant before. */
  | { readonly type: 'push.withdrawn'; readonly pushId: string; readonly name: RepositoryName; readonly tag: Tag }
  | { readonly type: 'transfer.changed'; readonly pushId: string; readonly registry: string; readonly state: string }
  | { readonly type: 'transfer.progress'; readonly pushId: string; readonly registry: string }
  | {
      readonly type: 'placement.confirmed';
      readonly registry: string;
      readonly name: RepositoryName;
      readonly sourceDigest: Digest;
      readonly platformSet: PlatformSet;
      readonly digest: Digest;
      readonly verifiedAt: number;
    }
  | {
      readonly type: 'placement.withdrawn';
      readonly registry: string;
      readonly name: RepositoryName;
      readonly sourceDigest: Digest;
      readonly platformSet: PlatformSet;
    }
  | { readonly type: 'choice.changed'; readonly subject: string; readonly revision: number }
  /** A token was made or revoked. */
  | { readonly type: 'token.changed'; readonly id: string }
  /** A pattern's choice went with the recommendation by itself. */
  | {
      readonly type: 'recommendation.followed';
      readonly subject: string;
      readonly site: string;
      readonly registry: string;
      readonly previous: string | null;
      readonly at: number;
    }
  /** The agent of a site asks for things again, or has not for too long. */
  | {
      readonly type: 'agent.heard';
      readonly site: string;
      readonly isHeard: boolean;
      readonly lastHeardAt: number;
    }
  /** The service's own certificate was looked at. */
  | {
      readonly type: 'certificate.looked';
      readonly endsAt: number;
      readonly isEnding: boolean;
      /** Its files hold another one that cannot be used. */
      readonly isRefused: boolean;
    }
  | {
      readonly type: 'registry.health';
      readonly registry: string;
      readonly healthy: boolean;
      readonly reason: string | null;
    };

export type EventType = EntrepotEvent['type'];
