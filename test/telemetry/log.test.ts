import { expect, it } from 'vitest';
import { openLog } from '../../src/telemetry/log.ts';

it('logs what is as serious as its level, which may be set while it is used', () => {
  const written: string[] = [];
  const log = openLog({ level: 'info', destination: { write: (line) => void written.push(line) } });
  log.debug({ event: 'one' });
  log.info({ event: 'two' });
  log.setLevel('debug');
  log.debug({ event: 'three' });
  log.setLevel('silent');
  log.error({ event: 'four' });
  expect(written.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['two', 'three']);
});
