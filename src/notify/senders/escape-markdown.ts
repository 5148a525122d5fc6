/** Text that means nothing but itself in Markdown with HTML in it. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]#]/g, (sign) => `\\${sign}`);
}
