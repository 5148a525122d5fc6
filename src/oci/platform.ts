import { Failure } from '../kernel/failure.ts';

/** What a child of an index runs on, as in the OCI image index. */
export type Platform = {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
};

/** `linux/amd64` or `linux/arm/v7` → a platform, or throws `validation_failed`. */
export function parsePlatform(text: string): Platform {
  const match = /^([a-z0-9_.-]+)\/([a-z0-9_.-]+)(?:\/([a-z0-9_.-]+))?$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Failure(
      'validation_failed',
      `"${text.slice(0, 80)}" is not a platform such as linux/amd64 or linux/arm/v7`,
    );
  }
  return { os: match[1], architecture: match[2], ...(match[3] === undefined ? {} : { variant: match[3] }) };
}

export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined).join('/');
}

/** Does `offered` satisfy `asked`? A variant counts only when it was asked for. */
export function matchesPlatform(asked: Platform, offered: Platform): boolean {
  return (
    asked.os === offered.os &&
    asked.architecture === offered.architecture &&
    (asked.variant === undefined || asked.variant === offered.variant)
  );
}
