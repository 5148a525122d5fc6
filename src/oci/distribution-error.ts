/** One entry of an OCI error body. */
export type DistributionError = { readonly code: string; readonly message: string };

/** What an error body says: the errors of the OCI form where it has them, and a short piece of text for people. */
export type ErrorBody = { readonly errors: readonly DistributionError[]; readonly text: string };

/** Long enough for what registries write, short enough for one line of a log. */
const MAX_TEXT = 240;
const MAX_ERRORS = 20;

/**
 * Bytes of an error answer in whatever form → what they say. Never throws.
 * Source: distribution-spec 1.1, "Error Codes": a 4xx body MAY be in any format; `errors` is the JSON one.
 */
export function parseErrorBody(bytes: Uint8Array): ErrorBody {
  const text = new TextDecoder().decode(bytes);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { errors: [], text: excerpt(looksLikeMarkup(text) ? stripMarkup(text) : text) };
  }
  const errors = findErrors(document);
  const first = errors.find((error) => error.message !== '') ?? errors[0];
  return { errors, text: first === undefined ? excerpt(findMessage(document) ?? text) : excerpt(first.message) };
}

/** One line of bounded length without control or direction-changing characters: fit for a log or a terminal. */
export function excerpt(text: string, maxLength: number = MAX_TEXT): string {
  const line = text
    .slice(0, maxLength * 8)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}

function findErrors(document: unknown): DistributionError[] {
  if (!isRecord(document) || !Array.isArray(document.errors)) return [];
  return document.errors.slice(0, MAX_ERRORS).flatMap((entry: unknown) => {
    if (typeof entry === 'string') return [{ code: '', message: excerpt(entry) }];
    if (!isRecord(entry)) return [];
    const code = typeof entry.code === 'string' ? excerpt(entry.code, 64).toUpperCase() : '';
    const message = [entry.message, entry.detail].find((value) => typeof value === 'string' && value !== '');
    return [{ code, message: typeof message === 'string' ? excerpt(message) : '' }];
  });
}

/** The text in JSON of other forms: `{"message": …}`, `{"error": …}`, `{"error": {"message": …}}`, a bare string. */
function findMessage(document: unknown): string | undefined {
  if (typeof document === 'string') return document;
  if (!isRecord(document)) return undefined;
  for (const key of ['message', 'Message', 'error_description', 'error', 'detail', 'details', 'title']) {
    const value = document[key];
    if (typeof value === 'string' && value !== '') return value;
    if (isRecord(value) && typeof value.message === 'string') return value.message;
  }
  return undefined;
}

function looksLikeMarkup(text: string): boolean {
  return /^\s*</.test(text);
}

function stripMarkup(page: string): string {
  // Bounded, because looking for the ends of tags that never end takes the square of the length.
  const text = page.slice(0, 4_096);
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim() ?? '';
  // XML of storage services: <Error><Code>AccessDenied</Code><Message>…</Message>.
  const message = /<message[^>]*>([^<]*)/i.exec(text)?.[1]?.trim() ?? '';
  if (title !== '' || message !== '') return title || message;
  return text.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
