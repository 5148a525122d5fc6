import { excerpt } from '../oci/distribution-error.ts';

/** As many different warnings of one registry are told; a registry that numbers them must not fill the log. */
const MAX_TOLD = 100;
const MAX_TEXT = 500;
/** A registry's warnings are at most 4096 bytes in all. */
const MAX_HEADER = 4_096;

/** Tells each warning of a registry once. Source: distribution-spec 1.1, "Warnings"; RFC 7234, section 5.5. */
export function openWarnings(onWarning: ((text: string) => void) | undefined): (header: string | undefined) => void {
  const told = new Set<string>();
  return (header) => {
    if (header === undefined || onWarning === undefined) return;
    for (const text of parseWarnings(header)) {
      if (told.size >= MAX_TOLD || told.has(text)) continue;
      told.add(text);
      onWarning(text);
    }
  };
}

/** The texts of `299 - "text"`, the one form that registries use. */
export function parseWarnings(header: string): string[] {
  const matches = header.slice(0, MAX_HEADER).matchAll(/(?:^|,)\s*299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g);
  return [...matches]
    .map((match) => excerpt((match[1] ?? '').replace(/\\(.)/g, '$1'), MAX_TEXT))
    .filter((text) => text !== '');
}
