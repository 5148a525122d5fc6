// What a pull costs in Node at the least: `node bare-blobs.ts FOLDER [hash]` serves the image in a folder of skopeo's
// `dir:` form, and does nothing else; with `hash`, each blob is hashed in a thread before its last piece is sent.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { HashThread } from '../../src/depot/hash-thread.ts';
import type { StreamHash } from '../../src/oci/stream-hash.ts';

const PIECE_BYTES = 1024 * 1024;

const [folder = '', how] = process.argv.slice(2);
const manifest = readFileSync(join(folder, 'manifest.json'));
const { mediaType } = JSON.parse(manifest.toString()) as { mediaType: string };
const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
const thread = new HashThread();

const server = createServer((request, response) => {
  const { url = '', method } = request;
  const hex = /\/blobs\/sha256:([0-9a-f]{64})$/.exec(url)?.[1];
  if (hex !== undefined) void sendBlob(hex, response);
  else if (!url.includes('/manifests/')) response.end('{}');
  else {
    const headers = {
      'content-type': mediaType,
      'docker-content-digest': digest,
      'content-length': manifest.byteLength,
    };
    response.writeHead(200, headers).end(method === 'HEAD' ? undefined : manifest);
  }
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(
    `${JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}`, pid: process.pid })}\n`,
  );
});

async function sendBlob(hex: string, response: ServerResponse): Promise<void> {
  await using file = await open(join(folder, hex));
  const { size } = await file.stat();
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
  const hash = how === 'hash' ? thread.open('sha256', size) : undefined;
  // While one piece is sent the next is hashed, and the one after it is read.
  const memory = Array.from({ length: 3 }, () => new Uint8Array(new SharedArrayBuffer(PIECE_BYTES)));
  const busy: Promise<void>[] = memory.map(() => Promise.resolve());
  let hashed: Promise<unknown> = Promise.resolve();
  for (let [position, turn] = [0, 0]; position < size; turn = (turn + 1) % memory.length) {
    await busy[turn];
    const piece = memory[turn] ?? new Uint8Array();
    const { bytesRead } = await file.read(piece, 0, Math.min(PIECE_BYTES, size - position), position);
    position += bytesRead;
    const part = piece.subarray(0, bytesRead);
    const isLast = position === size;
    hashed = hashed.then(() => hashPart(hash, part, isLast));
    busy[turn] = hashed.then(() => write(response, part));
  }
  await Promise.all(busy);
  response.end();
}

async function hashPart(hash: StreamHash | undefined, part: Uint8Array, isLast: boolean): Promise<void> {
  await hash?.update(part);
  if (isLast) await hash?.finish();
}

function write(response: ServerResponse, part: Uint8Array): Promise<void> {
  return new Promise((resolve) => response.write(part, () => resolve()));
}
