// The baseline of the resolve figures: the least that Hono can do to answer JSON of the same size.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const body = {
  reference: `127.0.0.1:5001/team/app1@sha256:${'a'.repeat(64)}`,
  registry: 'singapore',
  filler: 'x'.repeat(400),
};
const app = new Hono();
app.get('/v1/resolve', (c) => c.json(body));
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}` })}\n`),
);
process.on('SIGTERM', () => server.close());
