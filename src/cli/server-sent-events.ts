import { Failure } from '../kernel/failure.ts';

export type ServerSentEvent = {
  /** The last id that the stream gave, to resume after it; undefined before the first. */
  readonly id: string | undefined;
  /** `message` unless the stream names it. */
  readonly event: string;
  readonly data: string;
};

// Far above any push; a stream without line ends must not fill the memory.
const LONGEST_EVENT_CHARACTERS = 16 * 2 ** 20;

/**
 * The events of a `text/event-stream`, WHATWG HTML section 9.2.6: lines end in CR, LF or both, an empty line sends the
 * event, one without data is none, comments are skipped, what the stream's end cuts off is dropped.
 */
export async function* readServerSentEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let id: string | undefined;
  let event = '';
  let data: string[] = [];
  let sizeCharacters = 0;
  for await (const line of readLines(stream)) {
    if (line === '') {
      if (data.length > 0) yield { id, event: event === '' ? 'message' : event, data: data.join('\n') };
      event = '';
      data = [];
      sizeCharacters = 0;
      continue;
    }
    const { field, value } = splitField(line);
    if (field === 'event') event = value;
    if (field === 'id' && !value.includes('\0')) id = value;
    if (field !== 'data') continue;
    data.push(value);
    sizeCharacters += value.length;
    if (sizeCharacters > LONGEST_EVENT_CHARACTERS) throw tooLong();
  }
}

function splitField(line: string): { field: string; value: string } {
  const colon = line.indexOf(':');
  if (colon < 0) return { field: line, value: '' };
  return { field: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, '') };
}

async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Removes a byte order mark, as the format asks.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be half of a CRLF: it waits for what follows.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_EVENT_CHARACTERS) throw tooLong();
    yield* lines;
  }
}

function tooLong(): Failure {
  return new Failure(
    'remote_unexpected',
    `an event of the stream is longer than ${LONGEST_EVENT_CHARACTERS} characters`,
  );
}
