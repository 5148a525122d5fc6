/** Media types of manifests, layers and configs. Sources: OCI image-spec 1.1 media-types.md; Docker image manifest v2.2. */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const DOCKER_MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_TAR = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';

/** What we accept for a manifest: all four; docker-registry 2.8 answers 404 for an OCI one that is not named. */
export const MANIFEST_MEDIA_TYPES = [OCI_INDEX, OCI_MANIFEST, DOCKER_MANIFEST_LIST, DOCKER_MANIFEST] as const;

export function isIndexMediaType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_MANIFEST_LIST;
}

export function isManifestMediaType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

/** The config of a container image, which says its platform; that of any other artifact says nothing of the kind. */
export function isImageConfigMediaType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/**
 * Layers that must not be pushed: they live at their own URLs (`foreign` of Docker, `nondistributable` of OCI).
 * Source: image-spec 1.1 layer.md, "Non-Distributable Layers"; Docker image manifest v2.2, "foreign.diff.tar.gzip".
 */
export function isForeignLayer(mediaType: string): boolean {
  return (
    mediaType.includes('.nondistributable.') || mediaType.startsWith('application/vnd.docker.image.rootfs.foreign.')
  );
}
