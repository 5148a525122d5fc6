import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readServerSentEvents, type ServerSentEvent } from '../../src/cli/server-sent-events.ts';

async function read(...chunks: (string | Uint8Array)[]): Promise<ServerSentEvent[]> {
  async function* stream() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  return Array.fromAsync(readServerSentEvents(stream()));
}

describe('reading server-sent events', () => {
  test.each([
    ['an event with a name and an id', 'id: 7\nevent: push\ndata: {}\n\n', [{ id: '7', event: 'push', data: '{}' }]],
    ['no name', 'data: x\n\n', [{ id: undefined, event: 'message', data: 'x' }]],
    ['several lines of data', 'data: a\ndata\ndata:  b\n\n', [{ id: undefined, event: 'message', data: 'a\n\n b' }]],
    [
      'comments and unknown fields',
      ': hi\nretry: 2000\nfoo: bar\ndata:x\n\n',
      [{ id: undefined, event: 'message', data: 'x' }],
    ],
    ['an event without data is none', 'event: push\n\ndata: x\n\n', [{ id: undefined, event: 'message', data: 'x' }]],
    [
      'an id stays until the next',
      'id: 1\ndata: a\n\ndata: b\n\n',
      [
        { id: '1', event: 'message', data: 'a' },
        { id: '1', event: 'message', data: 'b' },
      ],
    ],
    ['an id alone counts too', 'id: 1\n\ndata: b\n\n', [{ id: '1', event: 'message', data: 'b' }]],
    [
      'an id with a zero character is ignored',
      'id: a\0b\ndata: b\n\n',
      [{ id: undefined, event: 'message', data: 'b' }],
    ],
    [
      'CR and CRLF',
      'data: a\r\rdata: b\r\n\r\n',
      [
        { id: undefined, event: 'message', data: 'a' },
        { id: undefined, event: 'message', data: 'b' },
      ],
    ],
    ['a byte order mark', '\ufeffdata: a\n\n', [{ id: undefined, event: 'message', data: 'a' }]],
    ['an event that is cut off is dropped', 'data: a\n\ndata: b\n', [{ id: undefined, event: 'message', data: 'a' }]],
  ])('%s', async (_, text, expected) => {
    expect(await read(text)).toEqual(expected);
  });

  test('does not depend on where the bytes are cut', async () => {
    const field = fc.constantFrom('data: a', 'data: 北京', 'id: 3', 'event: push', ': c', 'data');
    const text = fc.array(fc.tuple(field, fc.constantFrom('\n', '\r\n', '\n\n', '\r\n\r\n')), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(200), { maxLength: 6 }), async (lines, cuts) => {
        const bytes = Buffer.from(`${lines.map(([line, end]) => line + end).join('')}\n\n`);
        const points = [0, ...cuts.map((at) => at % bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = points.slice(1).map((end, index) => bytes.subarray(points[index], end));
        expect(await read(...chunks)).toEqual(await read(bytes));
      }),
      { seed: 20260301 },
    );
  });

  test('a stream without line ends is refused before it fills the memory', async () => {
    await expect(read(...Array.from({ length: 17 }, () => 'x'.repeat(2 ** 20)))).rejects.toMatchObject({
      code: 'remote_unexpected',
    });
  });

  test('an event of endless lines is refused too', async () => {
    await expect(read(...Array.from({ length: 17 }, () => `data: ${'x'.repeat(2 ** 20)}\n`))).rejects.toMatchObject({
      code: 'remote_unexpected',
    });
  });
});
