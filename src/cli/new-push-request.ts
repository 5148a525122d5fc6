import type { NewPushBody } from './api-calls.ts';
import type { PushOptions } from './push-options.ts';

/** The body of a push from a registry. Only what was asked for is in it: the rest is the service's to decide. */
export function newPushBody(image: string, source: string, options: PushOptions): NewPushBody {
  const { target, platform, label, referrers, priority, deadline } = options;
  return {
    image,
    source,
    ...(target === undefined ? {} : { targets: target }),
    ...(platform === undefined ? {} : { platforms: platform }),
    ...(referrers ? {} : { referrers }),
    ...(label === undefined ? {} : { labels: Object.fromEntries(label) }),
    ...(priority === undefined ? {} : { priority }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

/** The same as the query of a push whose body is an archive. */
export function archiveQuery(image: string, options: PushOptions): readonly (readonly [string, string])[] {
  const { target = [], platform = [], label = [], referrers, priority, deadline } = options;
  return [
    ['image', image],
    ...target.map((registry) => ['targets', registry] as const),
    ...platform.map((text) => ['platforms', text] as const),
    ...label.map(([key, value]) => ['labels', `${key}=${value}`] as const),
    ...(referrers ? [] : [['referrers', 'false'] as const]),
    ...(priority === undefined ? [] : [['priority', priority] as const]),
    ...(deadline === undefined ? [] : [['deadline', deadline] as const]),
  ];
}
