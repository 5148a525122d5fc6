import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findRefusal, isImageOf, reachOf, type Subject } from '../../src/access/allowance.ts';
import { PERMISSIONS, type Permission } from '../../src/access/permissions.ts';
import type { Principal, Role } from '../../src/access/principal.ts';
import { matchesPattern } from '../../src/kernel/pattern.ts';

const ci: Principal = { name: 'ci-team', role: 'ci', images: ['team/*', 'base'], via: 'token' };
const ops: Principal = { name: 'mei', role: 'ops', images: ['*'], via: 'token' };
const cluster: Principal = { name: 'us', role: 'cluster', images: ['*'], cluster: 'us-east-prod', via: 'token' };
const agent: Principal = { name: 'agent-us', role: 'agent', images: [], site: 'us-east', via: 'token' };
const admin: Principal = { name: 'admin', role: 'admin', images: ['*'], via: 'admin-token' };
const anonymous: Principal = { name: 'anonymous', role: 'ops', images: ['*'], via: 'anonymous' };

const mayDo = (principal: Principal, permission: Permission, subject?: Subject) =>
  findRefusal(principal, permission, subject) === undefined;

describe('who may do what', () => {
  test.each<[Principal, Permission, Subject | undefined, boolean]>([
    [ci, 'push.create', { images: ['team/app'] }, true],
    [ci, 'push.create', { images: ['base'] }, true],
    [ci, 'push.create', { images: ['baseline'] }, false],
    [ci, 'push.create', { images: ['team/app', 'other/app'] }, false],
    [ci, 'push.create', { images: [] }, false],
    [ci, 'push.create', {}, false],
    [ci, 'push.read', { isFiltered: true }, true],
    [ci, 'choice.write', { images: ['team/app'] }, false],
    [ci, 'resolve', { images: ['team/app'], cluster: 'us-east-prod' }, true],
    [ci, 'resolve', { images: ['other/app'], cluster: 'us-east-prod' }, false],
    [ops, 'push.create', { images: ['team/app'] }, false],
    [ops, 'choice.write', { images: ['team/*'] }, true],
    [{ ...ops, images: ['team/*'] }, 'choice.write', { images: ['team/*'] }, true],
    [{ ...ops, images: ['team/*'] }, 'choice.write', { images: ['te*'] }, false],
    [{ ...ops, images: ['team/*'] }, 'choice.write', { images: ['*'] }, false],
    [cluster, 'resolve', { images: ['team/app'], cluster: 'us-east-prod' }, true],
    [cluster, 'resolve', { images: ['team/app'], cluster: 'cn-prod' }, false],
    [cluster, 'resolve', { images: ['team/app'] }, false],
    [{ ...cluster, images: ['team/*'] }, 'resolve', { images: ['other'], cluster: 'us-east-prod' }, false],
    [cluster, 'credentials.mint', { cluster: 'us-east-prod' }, true],
    [cluster, 'push.read', { images: ['team/app'] }, false],
    [agent, 'snapshot.read', { site: 'us-east' }, true],
    [agent, 'snapshot.read', { site: 'beijing' }, false],
    [agent, 'snapshot.read', undefined, false],
    [agent, 'resolve', { images: ['team/app'], cluster: 'us-east-prod' }, false],
    [anonymous, 'image.read', { images: ['team/app'] }, true],
    [anonymous, 'choice.write', { images: ['team/app'] }, false],
    [anonymous, 'audit.read', undefined, false],
  ])('%o %s %o: %s', (principal, permission, subject, allowed) => {
    expect(mayDo(principal, permission, subject)).toBe(allowed);
  });

  test.each(Object.keys(PERMISSIONS) as Permission[])('an administrator may %s, whatever it is about', (permission) => {
    expect(mayDo(admin, permission)).toBe(true);
  });

  test('without a token nobody writes, and nobody reads what others could abuse', () => {
    const open = (Object.keys(PERMISSIONS) as Permission[]).filter((each) => reachOf(anonymous, each) !== 'none');
    expect(open).toEqual([
      'push.read',
      'image.read',
      'choice.read',
      'resolve',
      'benchmark.read',
      'world.read',
      'metrics.read',
      'door.pull',
    ]);
  });

  test('only an administrator deals in tokens', () => {
    const roles: Role[] = ['ci', 'ops', 'cluster', 'agent'];
    expect(roles.map((role) => reachOf({ role, via: 'token' }, 'token.manage'))).toEqual(Array(4).fill('none'));
  });

  test('a refusal says what one may and what it was about', () => {
    expect(findRefusal(ci, 'push.create', { images: ['other/app'] })).toBe(
      'ci-team may push a release for images that match team/*, base only, not for other/app',
    );
    expect(findRefusal(cluster, 'resolve', { cluster: 'cn-prod' })).toBe(
      'us may resolve where to pull for cluster us-east-prod only, not for cn-prod',
    );
    expect(findRefusal(ci, 'audit.read')).toBe('ci-team may not read the audit log: its role is ci');
    expect(findRefusal(anonymous, 'audit.read')).toBe('Nobody may read the audit log without a token');
  });

  test('a pattern that is taken for covered is: whatever it matches matches the own patterns too', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });
    const filling = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 }), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, text, filling, (own, pattern, fillings) => {
        fc.pre(isImageOf({ images: [own] }, pattern));
        let star = 0;
        const name = pattern.replaceAll('*', () => fillings[star++] ?? '');
        expect(matchesPattern(own, name)).toBe(true);
      }),
    );
  });
});
