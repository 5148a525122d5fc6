// What a pull costs in Node at the least: `node bare-blobs.ts FOLDER` serves the image in a folder of skopeo's `dir:` form,
// and does nothing else.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';

const PIECE_BYTES = 1024 * 1024;

const [folder = ''] = process.argv.slice(2);
const manifest = readFileSync(join(folder, 'manifest.json'));
const { mediaType } = JSON.parse(manifest.toString()) as { mediaType: string };
const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;

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
  // While one piece is sent the next is read.
  const memory = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  const busy: Promise<void>[] = memory.map(() => Promise.resolve());
  for (let [position, turn] = [0, 0]; position < size; turn = (turn + 1) % memory.length) {
    await busy[turn];
    const piece = memory[turn] ?? new Uint8Array();
    const { bytesRead } = await file.read(piece, 0, Math.min(PIECE_BYTES, size - position), position);
    position += bytesRead;
    busy[turn] = write(response, piece.subarray(0, bytesRead));
  }
  await Promise.all(busy);
  response.end();
}

function write(response: ServerResponse, part: Uint8Array): Promise<void> {
  return new Promise((resolve) => response.write(part, () => resolve()));
}
