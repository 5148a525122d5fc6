// Of undici only what speaks HTTP/1.1: its index also loads fetch, caches, proxies, mocks and WebSockets, which takes
// longer than all the rest of this folder and is felt at every start.

import buildConnector from 'undici/lib/core/connect.js';
import errors from 'undici/lib/core/errors.js';
import Client from 'undici/lib/dispatcher/client.js';

export { buildConnector, Client, errors };
