/** Seconds as people say them: `4.2 s`, `42 s`, `3 min 9 s`, and from ten minutes on to ten seconds: `12 min 40 s`. */
export function secondsText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = seconds < 600 ? Math.round(seconds) : Math.round(seconds / 10) * 10;
  if (whole < 180) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

export function percentText(share: number): string {
  const percent = share * 100;
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : Number(percent.toFixed(1))} %`;
}

/** `1.46`, `12.2`, `120`: three digits. */
export function ratioText(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio < 100 ? ratio.toFixed(1) : ratio.toFixed(0);
}

/** Decimal sizes, as images are spoken of: `150 MB`. */
export function sizeText(bytes: number): string {
  const [unit, name] = bytes >= 1e9 ? [1e9, 'GB'] : bytes >= 1e6 ? [1e6, 'MB'] : bytes >= 1e3 ? [1e3, 'kB'] : [1, 'B'];
  return `${Number((bytes / unit).toPrecision(3))} ${name}`;
}
