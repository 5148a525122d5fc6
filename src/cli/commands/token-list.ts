import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { formatAge, formatLocalTime } from '../instant-text.ts';
import { renderTable } from '../table.ts';
import { enAccess as words } from '../texts/en-access.ts';
import { describeTokenReach, listTokens } from '../token-calls.ts';

export type TokenListOptions = { readonly all?: boolean };

export async function runTokenList(context: CliContext, options: TokenListOptions): Promise<number> {
  const { io, texts, json, out, err } = context;
  const all = await listTokens(await context.openClient());
  const items = options.all === true ? all : all.filter(({ state }) => state === 'valid');
  if (json) {
    out.printJson({ items, next: null });
    return EXIT_STATUS.done;
  }
  if (items.length === 0) {
    err.print(words.none);
    return EXIT_STATUS.done;
  }
  const { columns } = words;
  const titles = [
    columns.name,
    columns.role,
    columns.reach,
    columns.state,
    columns.used,
    columns.expires,
    columns.token,
  ];
  const nowMs = io.clock.nowMs();
  const rows = items.map((token) => [
    token.name,
    token.role,
    describeTokenReach(token),
    token.state,
    token.lastUsedAt === null ? words.never : formatAge(token.lastUsedAt, nowMs, texts),
    token.expiresAt === null ? words.never : formatLocalTime(token.expiresAt),
    token.id,
  ]);
  out.print(
    ...renderTable(
      titles.map((title) => ({ title })),
      rows,
    ),
  );
  return EXIT_STATUS.done;
}
