import { Failure } from '../../kernel/failure.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { enAccess as words } from '../texts/en-access.ts';
import { listTokens, revokeToken } from '../token-calls.ts';

/** By id, or by the name of a token that holds. */
export async function runTokenRevoke(context: CliContext, given: string): Promise<number> {
  const { json, out } = context;
  const client = await context.openClient();
  const tokens = await listTokens(client);
  const found =
    tokens.find(({ id }) => id === given) ?? tokens.find(({ name, state }) => name === given && state !== 'revoked');
  if (found === undefined) throw new Failure('token_unknown', words.unknown(given));
  const token = await revokeToken(client, found.id);
  if (json) out.printJson(token);
  else out.print(words.revoked(token.name, token.id));
  return EXIT_STATUS.done;
}
