import type { RegistryClient } from '../../registry/registry-client.ts';

/**
 * A client that asks for no mounts: ECR does them only for accounts that have opted in, and answers a session to all
 * others. Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html, 2026-11-23.
 */
export function withoutMounts(client: RegistryClient): RegistryClient {
  return {
    ...client,
    startUpload(repository, options) {
      const { mount: _mount, ...others } = options ?? {};
      return client.startUpload(repository, others);
    },
  };
}
