import { Failure } from '../../kernel/failure.ts';

/** The address that a secret holds; a message about it never says it. */
export function parseWebAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new Failure('receiver_failed', 'the address of the receiver is not an http or https address');
}
