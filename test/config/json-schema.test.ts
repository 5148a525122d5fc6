import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findKnownKeys, type JsonSchema, makeConfigJsonSchema } from '../../src/config/json-schema.ts';

const run = promisify(execFile);

describe('the schema for editors', () => {
  test('the file in config/ is the one that is generated', async () => {
    await run(process.execPath, ['scripts/generate-config-schema.ts', '--check']);
    const written: unknown = JSON.parse(await readFile('config/regions.schema.json', 'utf8'));
    expect(written).toEqual(makeConfigJsonSchema());
    expect(written).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['registries', 'sites'],
    });
  });

  test('the shipped file points editors at it', async () => {
    const text = await readFile('config/regions.yaml', 'utf8');
    expect(text.split('\n', 1)).toEqual(['# yaml-language-server: $schema=./regions.schema.json']);
    expect(Object.keys(parse(text)).every((key) => findKnownKeys([]).includes(key))).toBe(true);
  });

  test('every field has a description, and no mapping takes unknown keys', () => {
    const missing: string[] = [];
    const visit = (schema: JsonSchema, path: string): void => {
      for (const [key, property] of Object.entries(schema.properties ?? {})) {
        if (typeof property.description !== 'string') missing.push(`${path}.${key}`);
        visit(property, `${path}.${key}`);
      }
      if (schema.properties !== undefined && schema.additionalProperties !== false) missing.push(`${path} is open`);
      if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties, `${path}.*`);
      for (const branch of schema.anyOf ?? []) visit(branch, path);
    };
    visit(makeConfigJsonSchema(), '');
    expect(missing).toEqual([]);
  });

  test('known keys are found below names, lists and alternatives', () => {
    expect(findKnownKeys(['clusters', 'anything'])).toEqual(['site', 'pulls']);
    expect(findKnownKeys(['registries', 'constructor', 'credentials', 'aws'])).toEqual([
      'profile',
      'roleArn',
      'endpoint',
    ]);
    expect(findKnownKeys(['standby', 'x', 0])).toEqual([]);
    expect(findKnownKeys(['constructor'])).toEqual([]);
  });

  test('defaults and patterns are told', () => {
    const { limits, distribute } = makeConfigJsonSchema().properties ?? {};
    expect(limits?.properties?.depotBytes).toMatchObject({ default: '200GiB', pattern: expect.any(String) });
    expect(distribute?.default).toEqual({ '*': { tags: ['*'], except: ['*-cache', 'buildcache', 'sha256-*'] } });
  });
});
