import type { ListenTls, TlsMaterial } from '../../api/listen-tls.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { TlsFiles } from '../../regions/world.ts';
import type { Log } from '../../telemetry/log.ts';
import {
  describeTlsTrouble,
  isSameMaterial,
  isValidAt,
  type LoadedTls,
  loadTls,
  readTlsMaterial,
} from './tls-material.ts';

/** How the certificate stands. */
export type CertificateState = {
  readonly expiresAtMs: number;
  readonly isEndingSoon: boolean;
  readonly isReplacementRefused: boolean;
};

export type CertificateFilesOptions = {
  readonly files: TlsFiles;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the files are looked at, milliseconds. */
  readonly lookEveryMs?: number;
};

const LOOK_EVERY_MS = 2_000;
const DAY_MS = 86_400_000;
/** A certificate is told to end soon when less than this is left, or a fifth of the time for which it was given. */
const SOON_MS = 14 * DAY_MS;
const SOON_PART = 0.2;

/**
 * A certificate and its key in files. Their content is looked at, not their dates: whoever replaces them may write
 * both in turn, rename, or swap a link above them as Kubernetes does. What cannot be used is told and left aside, and
 * the certificate before it goes on.
 */
export class CertificateFiles implements ListenTls {
  readonly #options: CertificateFilesOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<(material: TlsMaterial) => void>();
  #loaded: LoadedTls;
  /** What stands in the files and could not be used, and whether that was told. */
  #refused: { readonly material: TlsMaterial | undefined; isTold: boolean } | undefined;
  #toldSoonAtMs = Number.NEGATIVE_INFINITY;

  /** Throws `config_invalid` when the files cannot be used. */
  constructor(options: CertificateFilesOptions) {
    this.#options = options;
    try {
      this.#loaded = loadTls(readTlsMaterial(options.files));
    } catch (error) {
      throw new Failure(
        'config_invalid',
        `The TLS certificate cannot be used: ${describeTlsTrouble(error, options.files)}`,
        {
          cause: error,
        },
      );
    }
    this.#tell('tls certificate');
    this.#timer = setInterval(() => this.look(), options.lookEveryMs ?? LOOK_EVERY_MS);
    this.#timer.unref();
  }

  get material(): TlsMaterial {
    return this.#loaded.material;
  }

  get state(): CertificateState {
    return {
      expiresAtMs: this.#loaded.expiresAtMs,
      isEndingSoon: this.#leftMs <= this.#soonMs,
      isReplacementRefused: this.#refused?.isTold ?? false,
    };
  }

  onChange(listener: (material: TlsMaterial) => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  /** Takes up what the files hold now. */
  look(): void {
    let material: TlsMaterial | undefined;
    try {
      material = readTlsMaterial(this.#options.files);
      if (isSameMaterial(material, this.#loaded.material)) this.#refused = undefined;
      else this.#take(material);
    } catch (error) {
      this.#refuse(material, error);
    }
    this.#tellWhenSoon();
  }

  #take(material: TlsMaterial): void {
    const loaded = loadTls(material);
    const nowMs = this.#options.clock.nowMs();
    if (isValidAt(this.#loaded, nowMs) && !isValidAt(loaded, nowMs)) {
      const { certificate, expiresAtMs } = loaded;
      const isOver = expiresAtMs <= nowMs;
      throw new Error(
        isOver ? 'it has expired already' : `it is not valid before ${certificate.validFromDate.toISOString()}`,
      );
    }
    for (const listener of this.#listeners) listener(material);
    this.#loaded = loaded;
    this.#refused = undefined;
    this.#tell('tls certificate replaced');
  }

  /** At the second look: certificate and key are two files, and may be met between the one and the other. */
  #refuse(material: TlsMaterial | undefined, error: unknown): void {
    const isKnown = this.#refused !== undefined && isSameMaterial(this.#refused.material, material);
    const isTold = isKnown && this.#refused?.isTold === true;
    if (isKnown && !isTold)
      this.#options.log.error({
        event: 'tls certificate refused',
        detail: `${describeTlsTrouble(error, this.#options.files)}; the one before it stays`,
        expiresAt: this.#expiresAt,
      });
    this.#refused = { material, isTold: isKnown };
  }

  #tell(event: string): void {
    const { subject, subjectAltName } = this.#loaded.certificate;
    this.#options.log.info({
      event,
      subject: subject?.replaceAll('\n', ', '),
      names: subjectAltName,
      expiresAt: this.#expiresAt,
    });
    this.#toldSoonAtMs = Number.NEGATIVE_INFINITY;
    this.#tellWhenSoon();
  }

  #tellWhenSoon(): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.#leftMs > this.#soonMs || nowMs - this.#toldSoonAtMs < DAY_MS) return;
    this.#toldSoonAtMs = nowMs;
    const event = this.#leftMs <= 0 ? 'tls certificate expired' : 'tls certificate expires soon';
    this.#options.log.warn({ event, expiresAt: this.#expiresAt });
  }

  get #leftMs(): number {
    return this.#loaded.expiresAtMs - this.#options.clock.nowMs();
  }

  get #soonMs(): number {
    const { certificate, expiresAtMs } = this.#loaded;
    return Math.min(SOON_MS, (expiresAtMs - certificate.validFromDate.getTime()) * SOON_PART);
  }

  get #expiresAt(): string {
    return new Date(this.#loaded.expiresAtMs).toISOString();
  }
}
