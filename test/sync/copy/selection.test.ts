import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { formatSelection, requirePlatforms, type Selection, selectChildren } from '../../../src/sync/copy/selection.ts';

const digest = (name: string) => digestOf(new TextEncoder().encode(name));
const child = (platform: string): Descriptor => ({
  mediaType: OCI_MANIFEST,
  digest: digest(platform),
  size: 10,
  platform: parsePlatform(platform),
});
const attestation = (of: string): Descriptor => ({
  mediaType: OCI_MANIFEST,
  digest: digest(`attestation of ${of}`),
  size: 10,
  platform: { os: 'unknown', architecture: 'unknown' },
  annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': digest(of) },
});
const nested: Descriptor = { mediaType: OCI_INDEX, digest: digest('nested'), size: 10 };

const amd = child('linux/amd64');
const arm = child('linux/arm64');
const armV7 = child('linux/arm/v7');
const children = [amd, attestation('linux/amd64'), arm, attestation('linux/arm64'), armV7];

const select = (platforms: string[], attestations: Selection['attestations'] = 'keep', from = children) =>
  selectChildren(
    from,
    { platforms: platforms.map(parsePlatform), referrers: true, attestations },
    (entry) => entry.mediaType === OCI_INDEX,
  );

describe('which children of an index are carried', () => {
  it.each([
    ['all of them when no platform is named', [], 'keep', children],
    ['one platform with what is attested of it', ['linux/amd64'], 'keep', [amd, attestation('linux/amd64')]],
    ['several platforms, in the order of the index', ['linux/arm64', 'linux/amd64'], 'keep', children.slice(0, 4)],
    ['every variant when none is named', ['linux/arm'], 'keep', [armV7]],
    ['no attestations where they are refused', [], 'drop', [amd, arm, armV7]],
  ] as const)('%s', (_, platforms, attestations, expected) => {
    expect(select([...platforms], attestations)).toEqual(expected);
  });

  it('looks into nested indexes rather than leaving them out', () => {
    expect(select(['linux/amd64'], 'keep', [nested, arm])).toEqual([nested]);
  });

  it('says which platform is missing and which there are', () => {
    const require = (...platforms: string[]) =>
      requirePlatforms(children, { platforms: platforms.map(parsePlatform), referrers: true, attestations: 'keep' });
    expect(() => require('linux/amd64', 'linux/arm')).not.toThrow();
    expect(() => require('linux/amd64', 'windows/amd64')).toThrow(
      'no windows/amd64; it has linux/amd64, linux/arm64, linux/arm/v7',
    );
  });

  it('writes the same selection as the same text', () => {
    const one = formatSelection({
      platforms: [parsePlatform('linux/b'), parsePlatform('linux/a')],
      referrers: true,
      attestations: 'keep',
    });
    const other = formatSelection({
      platforms: [parsePlatform('linux/a'), parsePlatform('linux/b')],
      referrers: true,
      attestations: 'keep',
    });
    expect(one).toBe(other);
    expect(one).not.toBe(formatSelection({ platforms: [], referrers: true, attestations: 'keep' }));
  });
});
