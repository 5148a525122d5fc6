import { expect, test } from 'vitest';
import { percentText, ratioText, secondsText, sizeText } from '../../src/kernel/figure-text.ts';

test.each([
  [0.04, '0.0 s'],
  [4.24, '4.2 s'],
  [9.96, '10 s'],
  [179.4, '179 s'],
  [180, '3 min'],
  [189.2, '3 min 9 s'],
  [599.7, '10 min'],
  [1_799.2, '30 min'],
])('%d seconds are %s', (seconds, text) => expect(secondsText(seconds)).toBe(text));

test.each([
  [0, '0 %'],
  [0.0654, '6.5 %'],
  [0.005, '0.5 %'],
  [0.126, '13 %'],
  [1, '100 %'],
])('a share of %d is %s', (share, text) => expect(percentText(share)).toBe(text));

test.each([
  [1.456, '1.46'],
  [12.21, '12.2'],
  [120.4, '120'],
])('a ratio of %d is %s', (ratio, text) => expect(ratioText(ratio)).toBe(text));

test.each([
  [150e6, '150 MB'],
  [1e9, '1 GB'],
  [871_234, '871 kB'],
  [16, '16 B'],
])('%d bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));
