import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { parseRelease } from '../oci/reference.ts';
import type { Priority } from '../sync/push/push-record.ts';
import type { IdempotencyKey } from '../sync/push/push-store.ts';
import type { NewPush } from '../sync/push/pushes.ts';
import { deadlineMs, parseDeadline } from './deadline.ts';

/** What both kinds of request for a push say, checked by their schemas. */
export type PushOptions = {
  readonly image: string;
  readonly targets?: readonly string[] | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly referrers?: boolean | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly priority?: Priority | undefined;
  readonly deadline?: string | undefined;
};

/** The request as `sync/` takes it; what was left out stays left out. Throws `validation_failed` for a deadline that has passed. */
export function newPushOf(options: PushOptions, nowMs: number, idempotency: IdempotencyKey | undefined): NewPush {
  const { targets, platforms, referrers, labels, priority, deadline } = options;
  return {
    ...parseRelease(options.image),
    ...(targets === undefined ? {} : { targets }),
    ...(platforms === undefined
      ? {}
      : { platforms: platforms.map((platform) => formatPlatform(parsePlatform(platform))) }),
    ...(referrers === undefined ? {} : { referrers }),
    ...(labels === undefined ? {} : { labels }),
    ...(priority === undefined ? {} : { priority }),
    ...(deadline === undefined ? {} : { deadlineMs: deadlineMs(parseDeadline(deadline), nowMs) }),
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}
