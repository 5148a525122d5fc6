import { expect } from 'vitest';
import { hasDockerRegistry } from '../support/docker-registry.ts';
import { hasSkopeo } from '../support/skopeo.ts';
import { peerTest } from './peer-test.ts';

peerTest('docker-registry and skopeo are installed where they are required', () => {
  expect({ dockerRegistry: hasDockerRegistry(), skopeo: hasSkopeo() }).toEqual({ dockerRegistry: true, skopeo: true });
});
