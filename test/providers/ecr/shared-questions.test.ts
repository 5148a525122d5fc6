import { expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.ts';
import { SharedQuestions } from '../../../src/providers/ecr/shared-questions.ts';
import { TestClock } from '../../support/test-clock.ts';

const { signal } = new AbortController();

function open(answer: (keys: readonly string[]) => ReadonlyMap<string, number> | undefined) {
  const clock = new TestClock();
  const asked: string[] = [];
  const questions = new SharedQuestions<string, number>(async (repository, keys) => {
    asked.push(`${repository}: ${keys.length}`);
    return answer(keys);
  }, clock);
  return { clock, asked, questions };
}

const all = (keys: readonly string[]) => new Map(keys.map((key) => [key, key.length]));

it('asks once for what many legs want to know of a repository, and tells each what it asked for', async () => {
  const { clock, asked, questions } = open(all);
  const answers = [
    questions.ask('app', ['a', 'bb'], signal),
    questions.ask('app', ['bb', 'ccc'], signal),
    questions.ask('web', ['bb'], signal),
  ];
  clock.advance(1_000);
  expect((await Promise.all(answers)).map((each) => each && Object.fromEntries(each))).toEqual([
    { a: 1, bb: 2 },
    { bb: 2, ccc: 3 },
    { bb: 2 },
  ]);
  expect(asked).toEqual(['app: 3', 'web: 1']);
});

it('asks again for a later question: no answer is older than what was asked', async () => {
  let now = 1;
  const { clock, questions } = open((keys) => new Map(keys.map((key) => [key, now])));
  const ask = () => {
    const answer = questions.ask('app', ['a'], signal);
    clock.advance(1_000);
    return answer;
  };
  expect((await ask())?.get('a')).toBe(1);
  now = 2;
  expect((await ask())?.get('a')).toBe(2);
});

it('asks for a hundred at a time, and knows nothing where nothing was answered', async () => {
  const { clock, asked, questions } = open((keys) => (keys.includes('k0') ? undefined : all(keys)));
  const keys = Array.from({ length: 250 }, (_, n) => `k${n}`);
  const many = questions.ask('app', keys, signal);
  clock.advance(1_000);
  await expect(many).resolves.toBeUndefined();
  expect(asked).toEqual(['app: 100', 'app: 100', 'app: 50']);
});

it('lets one leg go without ending the question of the others', async () => {
  const { clock, questions } = open(all);
  const gone = new AbortController();
  const left = questions.ask('app', ['a'], gone.signal);
  const stays = questions.ask('app', ['a'], signal);
  gone.abort(new Error('cancelled by hand'));
  await expect(left).rejects.toThrow(Failure);
  clock.advance(1_000);
  expect((await stays)?.get('a')).toBe(1);
});
