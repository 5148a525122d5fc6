import type { ClientIdentity } from '../../kernel/client-identity.ts';
import type { HttpClient, HttpRequest } from '../../net/http-client.ts';

/** What requests go through as long as the identity stays the same. */
type Current = { readonly identity: ClientIdentity | undefined; readonly http: HttpClient; pending: number };

/**
 * HTTP that shows a client certificate and takes up a new one as soon as the files hold it: with connections of its own,
 * since one that was made with the old certificate stands for that one. What cannot be used, half a file perhaps, is left
 * aside. Throws what `readIdentity` throws when it cannot be used from the beginning.
 */
export function openRenewedHttp(
  readIdentity: () => ClientIdentity | undefined,
  open: (identity: ClientIdentity | undefined) => HttpClient,
): HttpClient {
  const begin = (identity: ClientIdentity | undefined): Current => ({ identity, http: open(identity), pending: 0 });
  let current = begin(readIdentity());
  const retired = new Set<Current>();

  const close = async (client: Current): Promise<void> => {
    retired.delete(client);
    await client.http.close();
  };
  const renew = (): void => {
    if (current.identity === undefined) return;
    let identity: ClientIdentity | undefined;
    try {
      identity = readIdentity();
    } catch {
      return;
    }
    if (isSame(identity, current.identity)) return;
    const old = current;
    current = begin(identity);
    retired.add(old);
    if (old.pending === 0) void close(old);
  };

  return {
    async request(request: HttpRequest) {
      renew();
      const client = current;
      client.pending += 1;
      const over = () => {
        client.pending -= 1;
        if (client.pending === 0 && retired.has(client)) void close(client);
      };
      try {
        const response = await client.http.request(request);
        response.body.once('close', over);
        return response;
      } catch (error) {
        over();
        throw error;
      }
    },
    async close() {
      await Promise.all([current, ...retired].map(close));
    },
  };
}

function isSame(a: ClientIdentity | undefined, b: ClientIdentity | undefined): boolean {
  return a?.cert === b?.cert && a?.key.reveal() === b?.key.reveal();
}
