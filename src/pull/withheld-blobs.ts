import type { PullHolder } from './pull-holder.ts';

/** Long enough for all layers of an image, short enough for a registry that begins to offer its blobs. */
const REMEMBERED_MS = 60_000;

const MAX_REPOSITORIES = 10_000;

type Withheld = { readonly sizeBytes: number; readonly untilMs: number };

/**
 * Registries that gave a blob with our credentials and offered it to nobody else. For a minute they are not asked about
 * others of that repository that are no larger: each question costs a cluster a round trip or two before its first byte, and
 * a registry that keeps small blobs to itself and offers large ones is still asked about those.
 */
export class WithheldBlobs {
  readonly #nowMs: () => number;
  readonly #withheld = new Map<string, Withheld>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  note(holder: PullHolder, sizeBytes: number): void {
    if (this.#withheld.size >= MAX_REPOSITORIES) this.#withheld.clear();
    this.#withheld.set(nameOf(holder), { sizeBytes, untilMs: this.#nowMs() + REMEMBERED_MS });
  }

  has(holder: PullHolder, sizeBytes: number): boolean {
    const withheld = this.#withheld.get(nameOf(holder));
    return withheld !== undefined && sizeBytes <= withheld.sizeBytes && this.#nowMs() < withheld.untilMs;
  }
}

function nameOf({ registry, repository }: PullHolder): string {
  return `${registry} ${repository}`;
}
