import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService, type TestService } from '../support/service.ts';
import { makeImage } from '../support/test-image.ts';

/** `name{label="value"}` → value, for the lines that are not comments. */
async function scrape(service: TestService): Promise<ReadonlyMap<string, number>> {
  const answer = await service.api.fetch('/metrics');
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

it('what happens to pushes, legs, choices and answers shows in the figures, and what waits shows while it does', async () => {
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry();
  const image = makeImage({ layers: [{ size: 40_000 }] });
  await seedImage(source, 'team/app', '1', image);
  await using service = await openTestService({ source, registries: { aliyun, singapore }, choose: 'singapore' });
  await singapore.stop();
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await service.api.untilLeg(id, 'singapore', (leg) => leg.state === 'waiting');
  await eventually(async () => (await scrape(service)).get('entrepot_placements_total{registry="aliyun"}') === 1);

  const before = await scrape(service);
  expect(before.get('entrepot_transfers{registry="singapore",state="waiting"}')).toBe(1);
  expect(before.get('entrepot_queue_age_seconds{registry="singapore"}')).toBeGreaterThan(0);
  expect(before.get('entrepot_transfers{registry="aliyun",state="waiting"}')).toBeUndefined();
  expect(before.get('entrepot_depot_bytes{kind="pinned"}')).toBeGreaterThan(40_000);
  const retried = [...before].filter(([name]) =>
    name.startsWith('entrepot_transfer_retries_total{registry="singapore"'),
  );
  expect(retried.map(([, count]) => count).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
  const sent = before.get('entrepot_transfer_bytes_total{registry="aliyun",kind="sent"}');
  expect(sent).toBe([...image.blobs, ...image.manifests].reduce((sum, { bytes }) => sum + bytes.byteLength, 0));

  await singapore.start();
  await service.api.send('POST', `/v1/pushes/${id}/retry`);
  await service.api.untilFinal(id);
  await service.api.resolve('team/app:1', 'us-east-prod');
  await service.api.resolve('team/app:1', 'us-east-prod');
  await service.api.resolve('team/none:1', 'us-east-prod');
  await service.api.send('PUT', '/v1/images/team%2Fapp/choice', { registry: 'singapore' });
  await eventually(async () => (await scrape(service)).get('entrepot_pushes_total{state="placed"}') === 1);
  const after = await scrape(service);
  const figures = (...names: string[]) => names.map((name) => after.get(`entrepot_${name}`));
  expect(
    figures(
      'transfers_total{registry="singapore",state="placed"}',
      'push_lag_seconds_count{registry="singapore"}',
      'resolve_answers_total{state="chosen"}',
      'resolve_answers_total{state="image_unknown"}',
      'choice_changes_total',
      'build_info{version="0.0.0-test"}',
      'transfers{registry="singapore",state="waiting"}',
      'depot_bytes{kind="pinned"}',
    ),
  ).toEqual([1, 1, 2, 1, 1, 1, undefined, 0]);
  expect(figures('resolve_seconds_count')[0]).toBe(2);
  expect(figures('nodejs_eventloop_lag_seconds')[0]).toBeDefined();
});
