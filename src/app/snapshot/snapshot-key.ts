import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../api/canonical-json.ts';
import type { Snapshot, SnapshotSignature, UnsignedSnapshot } from '../../api/schema/snapshot-schema.ts';
import { writeOwnersFile } from '../access/owners-file.ts';

/** The key with which a service signs what it hands to agents (Ed25519, RFC 8032). */
export type SnapshotKey = {
  sign(snapshot: UnsignedSnapshot): SnapshotSignature;
  /** Signs that a revision is true as of an instant. */
  confirm(site: string, revision: number, asOf: string): string;
};

/** The key of a data folder, made at its first use and kept in a file that only its owner reads. */
export function openSnapshotKey(folder: string): SnapshotKey {
  const path = join(folder, 'snapshot-key.pem');
  const privateKey = readKey(path) ?? makeKey(path);
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    sign: (snapshot) => ({
      algorithm: 'ed25519',
      publicKey,
      value: sign(null, Buffer.from(canonicalJson(snapshot)), privateKey).toString('base64'),
    }),
    confirm: (site, revision, asOf) =>
      sign(null, confirmationBytes(site, revision, asOf), privateKey).toString('base64'),
  };
}

/** Is the snapshot signed by this public key (SPKI, DER, base64)? */
export function isSignedBy({ signature, ...unsigned }: Snapshot, publicKey: string): boolean {
  return verify(null, Buffer.from(canonicalJson(unsigned)), toKey(publicKey), Buffer.from(signature.value, 'base64'));
}

export function isConfirmedBy(
  confirmed: { site: string; revision: number; asOf: string; signature: string },
  publicKey: string,
): boolean {
  const { site, revision, asOf, signature } = confirmed;
  return verify(null, confirmationBytes(site, revision, asOf), toKey(publicKey), Buffer.from(signature, 'base64'));
}

function confirmationBytes(site: string, revision: number, asOf: string): Buffer {
  return Buffer.from(`entrepot-snapshot\n${site}\n${revision}\n${asOf}\n`);
}

function toKey(publicKey: string): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
}

function readKey(path: string): KeyObject | undefined {
  try {
    return createPrivateKey(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function makeKey(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeOwnersFile(path, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return privateKey;
}
