import { describe, expect, it } from 'vitest';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Tag } from '../../../src/oci/tag.ts';
import type { RegistryEntry, World } from '../../../src/regions/world.ts';
import { checkCollisions, chooseTargets, isStandbyOnly } from '../../../src/sync/push/push-targets.ts';

const registry = (name: string, role: RegistryEntry['role'], enabled = true) =>
  ({ name, role, enabled }) as RegistryEntry;

const world = {
  registries: [
    registry('aliyun', 'home'),
    registry('singapore', 'relay'),
    registry('korea', 'relay'),
    registry('old', 'relay', false),
  ],
  distribute: [{ pattern: '*', tags: ['*'], except: ['*-cache', 'sha256-*'] }],
  standby: [{ pattern: 'vip/*', registries: ['korea'] }],
} as unknown as World;

const targets = (image: string, chosen: string | undefined, asked?: string[]) => {
  const [name, tag] = image.split(':') as [RepositoryName, Tag];
  return chooseTargets(world, { name, tag }, chosen, asked).map((entry) => entry.name);
};

describe('where a release goes', () => {
  it.each([
    ['home and the chosen relay', 'team/app:1', 'singapore', undefined, ['aliyun', 'singapore']],
    ['home alone when nothing is chosen', 'team/app:1', undefined, undefined, ['aliyun']],
    ['home alone when the chosen relay is switched off', 'team/app:1', 'old', undefined, ['aliyun']],
    ['the standbys too', 'vip/app:1', 'singapore', undefined, ['aliyun', 'singapore', 'korea']],
    ['home alone when the rules keep the tag there', 'team/app:build-cache', 'singapore', undefined, ['aliyun']],
    ['exactly what was asked for', 'team/app:build-cache', 'singapore', ['korea'], ['korea']],
  ] as const)('%s', (_, image, chosen, asked, expected) => {
    expect(targets(image, chosen, asked === undefined ? undefined : [...asked])).toEqual(expected);
  });

  it('refuses a registry that is not there or switched off', () => {
    expect(() => targets('a:1', undefined, ['nowhere'])).toThrow(
      expect.objectContaining({
        code: 'registry_unknown',
        message: expect.stringContaining('aliyun, singapore, korea, old'),
      }),
    );
    expect(() => targets('a:1', undefined, ['old'])).toThrow(expect.objectContaining({ code: 'validation_failed' }));
  });
});

describe('images at a registry with flat names', () => {
  const flat = { ...registry('acr-personal', 'home'), prefix: 'web3d', names: 'flat' } as RegistryEntry;
  const nested = { ...registry('aliyun', 'home'), prefix: '', names: 'nested' } as RegistryEntry;
  const names = ['team/app', 'team/web'] as RepositoryName[];

  it('are refused when another image has that name there already, saying which', () => {
    expect(() => checkCollisions([nested, flat], 'team-app' as RepositoryName, names)).toThrow(
      expect.objectContaining({
        code: 'name_collision',
        message:
          'team-app and team/app would both be web3d/team-app at acr-personal, which has flat names; rename one of them',
      }),
    );
  });

  it('go there when the name is free, or their own', () => {
    for (const name of ['team/app', 'team/new'] as RepositoryName[]) checkCollisions([flat], name, names);
    checkCollisions([nested], 'team-app' as RepositoryName, names);
  });
});

it.each([
  ['vip/app', 'korea', 'singapore', true],
  ['vip/app', 'korea', 'korea', false],
  ['vip/app', 'singapore', 'singapore', false],
  ['vip/app', 'aliyun', 'singapore', false],
  ['team/app', 'korea', 'singapore', false],
  ['vip/app', 'korea', undefined, true],
])('%s goes to %s only as a standby while %s is chosen: %s', (name, at, chosen, expected) => {
  expect(isStandbyOnly(world, name as RepositoryName, at, chosen)).toBe(expected);
});
