import { Failure } from '../../kernel/failure.ts';
import { Secret } from '../../kernel/secret.ts';
import { excerpt } from '../../oci/distribution-error.ts';
import type { CloudAuthorization } from '../cloud-authorization.ts';

/**
 * The answer of GetAuthorizationToken, of either edition: Enterprise says `{TempUsername, AuthorizationToken,
 * ExpireTime, IsSuccess, Code}`, Personal `{data: {tempUserName, authorizationToken, expireDate}}`, both with the end
 * in milliseconds. Source: https://www.alibabacloud.com/help/en/doc-detail/145324.htm, 2026-11-23.
 */
export function parseAcrToken(body: unknown, attempt: string): CloudAuthorization {
  const answer: Record<string, unknown> = Object(body);
  if (answer.IsSuccess === false)
    throw new Failure('remote_refused', `${attempt} failed: ${excerpt(String(answer.Code ?? 'no code'))}`);
  const data: Record<string, unknown> = Object(answer.data);
  const username = answer.TempUsername ?? data.tempUserName;
  const password = answer.AuthorizationToken ?? data.authorizationToken;
  const end = Number(answer.ExpireTime ?? data.expireDate);
  if (typeof username !== 'string' || typeof password !== 'string' || username === '' || password === '')
    throw new Failure('remote_unexpected', `${attempt} answered without a token`);
  return { username, password: new Secret(password), expiresAtMs: Number.isFinite(end) ? end : undefined };
}
