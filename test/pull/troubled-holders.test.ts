import { expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.ts';
import type { PullHolder } from '../../src/pull/pull-holder.ts';
import { TroubledHolders } from '../../src/pull/troubled-holders.ts';

const holders = ['hk', 'sg', 'kr'].map((registry) => ({ registry }) as PullHolder);

it('who failed is asked after all others for half a minute, and then in its own place again', () => {
  let nowMs = 0;
  const troubled = new TroubledHolders(() => nowMs);
  const order = () => troubled.inOrder(holders).map(({ registry }) => registry);
  const [hk, sg] = holders;
  if (hk === undefined || sg === undefined) throw new Error('there are three');
  troubled.note(sg, new Failure('content_missing', 'not there'));
  expect(order()).toEqual(['hk', 'sg', 'kr']);
  troubled.note(hk, new Failure('connection_lost', 'gone'));
  expect(order()).toEqual(['sg', 'kr', 'hk']);
  nowMs = 30_000;
  expect(order()).toEqual(['hk', 'sg', 'kr']);
});
