import { createHash } from 'node:crypto';

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

type Entry = { digest: string; mediaType: string; size: number };

/**
 * Reads an image with nothing of the program under test: plain HTTP, every digest and size checked, from the root down.
 * Gives the bytes of every manifest by digest and the digests of all blobs; throws where something is not whole.
 * Undefined when there is no such tag or digest.
 */
export async function readBack(
  url: string,
  repository: string,
  reference: string,
): Promise<{ root: string; manifests: Map<string, Buffer>; blobs: Set<string> } | undefined> {
  const manifests = new Map<string, Buffer>();
  const blobs = new Set<string>();
  const get = async (path: string): Promise<Response | undefined> => {
    const response = await fetch(`${url}/v2/${repository}/${path}`, { headers: { accept: ACCEPT } });
    if (response.status === 200) return response;
    await response.arrayBuffer();
    if (response.status === 404) return undefined;
    throw new Error(`${path} was answered ${response.status}`);
  };
  const check = (bytes: Buffer, entry: Entry): void => {
    const algorithm = entry.digest.split(':')[0] ?? '';
    const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
    if (digest !== entry.digest) throw new Error(`${entry.digest} has bytes of ${digest}`);
    if (bytes.byteLength !== entry.size)
      throw new Error(`${entry.digest} has ${bytes.byteLength} bytes, not ${entry.size}`);
  };
  const visit = async (bytes: Buffer, digest: string): Promise<void> => {
    manifests.set(digest, bytes);
    const document = JSON.parse(bytes.toString()) as { manifests?: Entry[]; config?: Entry; layers?: Entry[] };
    for (const child of document.manifests ?? []) {
      const response = await get(`manifests/${child.digest}`);
      if (response === undefined) throw new Error(`manifest ${child.digest} is missing`);
      const childBytes = Buffer.from(await response.arrayBuffer());
      check(childBytes, child);
      await visit(childBytes, child.digest);
    }
    for (const blob of [...(document.config === undefined ? [] : [document.config]), ...(document.layers ?? [])]) {
      if (blobs.has(blob.digest) || /nondistributable|foreign/.test(blob.mediaType)) continue;
      const response = await get(`blobs/${blob.digest}`);
      if (response === undefined) throw new Error(`blob ${blob.digest} is missing`);
      check(Buffer.from(await response.arrayBuffer()), blob);
      blobs.add(blob.digest);
    }
  };
  const root = await get(`manifests/${reference}`);
  if (root === undefined) return undefined;
  const bytes = Buffer.from(await root.arrayBuffer());
  const digest = reference.includes(':') ? reference : `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await visit(bytes, digest);
  return { root: digest, manifests, blobs };
}
