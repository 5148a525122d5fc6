import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { enAccess as words } from '../texts/en-access.ts';
import { createToken, describeTokenReach } from '../token-calls.ts';

export type TokenCreateOptions = {
  readonly role: string;
  readonly image?: readonly string[];
  readonly cluster?: string;
  readonly site?: string;
  readonly expires?: string;
};

/** The token stands alone on stdout, so that a shell can take it. */
export async function runTokenCreate(context: CliContext, name: string, options: TokenCreateOptions): Promise<number> {
  const { json, out, err } = context;
  const { role, image: images, cluster, site, expires: expiresIn } = options;
  const made = await createToken(await context.openClient(), { name, role, images, cluster, site, expiresIn });
  if (json) {
    out.printJson(made);
    return EXIT_STATUS.done;
  }
  err.print(words.made(made.name, made.role, describeTokenReach(made)));
  out.print(made.token);
  return EXIT_STATUS.done;
}
