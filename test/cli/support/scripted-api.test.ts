import { describe, expect, test } from 'vitest';
import { cut, json, ScriptedApi } from './scripted-api.ts';

describe('the scripted API', () => {
  test('gives its answers in order, then the standing one', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /a', json(1), json(2)).always('GET /a', json(3));
    const ask = async () => (await fetch(`${api.url}/a?q=1`)).json();
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([1, 2, 3, 3]);
    expect(api.lines()[0]).toBe('GET /a?q=1');
  });

  test('fails at its end for a request that nobody scripted', async () => {
    const api = await ScriptedApi.open();
    await fetch(`${api.url}/surprise`);
    await expect(api[Symbol.asyncDispose]()).rejects.toThrow('GET /surprise');
  });

  test('fails at its end for an answer that nobody asked for', async () => {
    const api = await ScriptedApi.open();
    api.on('GET /never', json(1));
    await expect(api[Symbol.asyncDispose]()).rejects.toThrow('GET /never (1 left)');
  });

  test('cuts connections', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /a', cut);
    await expect(fetch(`${api.url}/a`)).rejects.toThrow('fetch failed');
  });
});
