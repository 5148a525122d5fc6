import { test, vi } from 'vitest';
import { hasDockerRegistry } from '../support/docker-registry.ts';
import { hasSkopeo } from '../support/skopeo.ts';

/** `ENTREPOT_REQUIRE_PEERS=1` makes it an error that a peer is not installed; otherwise its tests are skipped, by name. */
export const peersAreRequired = process.env.ENTREPOT_REQUIRE_PEERS === '1';

/** May peers be started: are they here, or is it an error if they are not? */
export const hasPeers = peersAreRequired || (hasDockerRegistry() && hasSkopeo());

/** A test that needs Debian's docker-registry and skopeo. */
export const peerTest = test.skipIf(!hasPeers);

// Several programs are started for each, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });
