import { describe, expect, test } from 'vitest';
import { isLoopbackHost, parseListenAddress } from '../../src/config/listen-address.ts';

describe('parseListenAddress', () => {
  test.each([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]:0', '::1', 0],
    ['[::]:65535', '::', 65_535],
    [':8080', '0.0.0.0', 8080],
    ['localhost:80', 'localhost', 80],
    ['entrepot.example:443', 'entrepot.example', 443],
  ])('%s', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port });
  });

  test.each([
    '',
    '8080',
    ':',
    'host:',
    '::1:8080',
    '[::1]',
    '[]:80',
    '[nope]:80',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '*:80',
    'a b:80',
    'http://h:80',
    ':80\n',
  ])('%j is refused', (text) => {
    expect(() => parseListenAddress(text)).toThrowError(expect.objectContaining({ code: 'validation_failed' }));
  });
});

describe('isLoopbackHost', () => {
  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
  ])('%s is', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.example',
    'localhost.example',
    '::ffff:10.0.0.1',
    '::2',
    'fe80::1%lo',
    '',
  ])('%s is not', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
