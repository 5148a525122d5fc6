import { expect, it } from 'vitest';
import { bandwidthAt } from '../../src/regions/bandwidth.ts';

const hours = [
  { from: 9, to: 18, bytesPerSecond: 1 },
  { from: 22, to: 6, bytesPerSecond: 2 },
  { from: 8, to: 10, bytesPerSecond: 3 },
];

it.each([
  [9, 1],
  [17, 1],
  [18, 9],
  [21, 9],
  [22, 2],
  [0, 2],
  [5, 2],
  [6, 9],
  [8, 3],
])('at %i the cap is that of the first hours that fit', (hour, bytesPerSecond) => {
  expect(bandwidthAt({ bytesPerSecond: 9, hours }, hour)).toBe(bytesPerSecond);
});

it('is no cap where none is named', () => {
  expect(bandwidthAt(undefined, 3)).toBeNull();
  expect(bandwidthAt({ bytesPerSecond: null, hours }, 20)).toBeNull();
});

it('caps the whole day with hours that end where they begin', () => {
  const allDay = { bytesPerSecond: null, hours: [{ from: 4, to: 4, bytesPerSecond: 7 }] };
  expect([0, 3, 4, 23].map((hour) => bandwidthAt(allDay, hour))).toEqual([7, 7, 7, 7]);
});
