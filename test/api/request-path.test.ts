import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { getRequestPath } from '../../src/api/request-path.ts';
import { fakeServices } from './api-fakes.ts';
import { send } from './send.ts';

const pathOf = (path: string) => getRequestPath(new Request(`http://localhost${path}`));

describe('getRequestPath', () => {
  it.each([
    ['/v1/images/app', '/v1/images/app'],
    ['/v1/images/team/app', '/v1/images/team%2Fapp'],
    ['/v1/images/team%2Fapp', '/v1/images/team%2Fapp'],
    ['/v1/images/a/b/c?limit=1', '/v1/images/a%2Fb%2Fc'],
    ['/v1/images/team/app/choice', '/v1/images/team%2Fapp/choice'],
    ['/v1/images/team%2Fapp/choice?x=/', '/v1/images/team%2Fapp/choice'],
    ['/v1/images/team/app/choice/history', '/v1/images/team%2Fapp/choice/history'],
    ['/v1/images/team/app/tags/1.2', '/v1/images/team%2Fapp/tags/1.2'],
    // Words of the route that are part of a name when they are encoded, or not at the end.
    ['/v1/images/team%2Fchoice', '/v1/images/team%2Fchoice'],
    ['/v1/images/team%2Ftags%2Fx', '/v1/images/team%2Ftags%2Fx'],
    ['/v1/images/team%2Fchoice/choice', '/v1/images/team%2Fchoice/choice'],
    ['/v1/images/choice', '/v1/images/choice'],
    ['/v1/images/tags/app', '/v1/images/tags%2Fapp'],
    ['/v1/images/team/choice/app', '/v1/images/team%2Fchoice%2Fapp'],
    ['/v1/images/team/choice/tags/1', '/v1/images/team%2Fchoice/tags/1'],
    ['/v1/images/team/tags/x/choice', '/v1/images/team%2Ftags%2Fx/choice'],
    // The encoded form wins where both readings fit.
    ['/v1/images/app/tags/choice', '/v1/images/app/tags/choice'],
    ['/v1/images/team%2Fapp/tags/choice', '/v1/images/team%2Fapp/tags/choice'],
    ['/v1/images/team/app/tags/choice', '/v1/images/team%2Fapp%2Ftags/choice'],
    ['/v1/choices/team/*', '/v1/choices/team%2F*'],
    ['/v1/choices/team%2F*', '/v1/choices/team%2F*'],
    ['/v1/choices/a/b/*?limit=1', '/v1/choices/a%2Fb%2F*'],
    ['/v1/choices', '/v1/choices'],
    ['/v1/pushes/p/events', '/v1/pushes/p/events'],
  ])('%s is %s', (path, expected) => {
    expect(pathOf(path)).toBe(expected);
  });

  const part = fc.oneof(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.constantFrom('choice', 'tags', 'history'));
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

  it('reaches the choice of any image by its encoded name', async () => {
    const app = openApi(fakeServices());
    await fc.assert(
      fc.asyncProperty(name, async (image) => {
        const { status, body } = await send(app, 'GET', `/v1/images/${encodeURIComponent(image)}/choice`);
        expect([status, body.image]).toEqual([200, image]);
      }),
      { seed: 20, numRuns: 200 },
    );
  });

  it('reads plain slashes as the encoded ones where no part is a word of the routes', async () => {
    const words = /(^|\/)(choice|tags|history)(\/|$)/;
    fc.assert(
      fc.property(
        name.filter((image) => !words.test(image)),
        fc.constantFrom('', '/choice', '/choice/history', '/tags/1.2.3'),
        (image, rest) => {
          expect(pathOf(`/v1/images/${image}${rest}`)).toBe(`/v1/images/${encodeURIComponent(image)}${rest}`);
        },
      ),
      { seed: 21 },
    );
  });

  it.each(['team%252Fapp', '100%25', '%zz', 'Team', 'a//b', 'a%00b', '%E4%BD%A0'])(
    'refuses the name %s and decodes nothing twice',
    async (image) => {
      const { status, body } = await send(openApi(fakeServices()), 'GET', `/v1/images/${image}`);
      expect([status, body.code]).toEqual([400, 'validation_failed']);
      expect(body.errors).toMatchObject([{ path: 'name' }]);
    },
  );
});
