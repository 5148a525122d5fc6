import type { Notice } from './notice.ts';
import { en } from './texts/en.ts';

/** A notice in words; each sender gives it its own form. Nothing in it breaks a line or hides behind control characters. */
export type Message = {
  readonly headline: string;
  readonly lines: readonly string[];
  readonly link: { readonly url: string; readonly text: string } | null;
  readonly mood: Notice['mood'];
};

const LONGEST = 600;

export function toMessage(notice: Notice): Message {
  const { durationMs, legs, count, since, mood } = notice;
  const from = since === null ? '' : `${new Date(since).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const lines = [
    ...(since === null ? [] : [mood === 'bad' ? en.repeated(count, from) : en.recovered(count, from)]),
    ...(durationMs === null ? [] : [en.took(durationMs)]),
    ...(legs.length === 0 ? [] : [en.legs(legs)]),
  ];
  return {
    headline: plain(en.headline(notice)),
    lines: lines.map(plain),
    link: notice.link === null ? null : { url: notice.link, text: en.link },
    mood,
  };
}

function plain(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
