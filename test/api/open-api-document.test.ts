import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { openApiDocument } from '../../src/api/open-api-document.ts';
import { FAILURE_CODES } from '../../src/kernel/failure-codes.ts';
import { fakeServices } from './api-fakes.ts';
import { send } from './send.ts';

type Json = { [key: string]: Json } & { [index: number]: Json };

const app = openApi(fakeServices());
const document: Json = JSON.parse(JSON.stringify(openApiDocument(app, '1.0.0')));
const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  it('is what /openapi.json answers, in version 3.1', async () => {
    expect((await send(app, 'GET', '/openapi.json')).body).toEqual(document);
    expect(document.openapi).toBe('3.1.0');
  });

  it('describes every route of the app and no other', () => {
    const routes = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(routes.sort());
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(operations.map((entry) => [`${entry.method} ${entry.path}`, entry] as const))(
    '%s has parameters, a summary, and a schema for each answer',
    (_name, { path, method, operation }) => {
      expect(operation.summary).toBeTruthy();
      const named = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
      const parameters = Object.values(operation.parameters ?? {});
      expect(parameters.filter((parameter) => String(parameter.in) === 'path').map(({ name }) => name)).toEqual(named);
      for (const parameter of parameters) expect(parameter.schema, String(parameter.name)).toBeTruthy();
      for (const [status, answer] of Object.entries(operation.responses ?? {})) {
        if (status === '204' || status === '304') continue;
        const contents = Object.values(answer.content ?? {});
        expect(contents.length, status).toBeGreaterThan(0);
        for (const content of contents) expect(content.schema, status).toBeTruthy();
      }
      expect(Object.keys(operation.responses ?? {})).toContain('default');
      if (method === 'put') expect(operation.requestBody).toBeTruthy();
    },
  );

  it('refers to nothing that is not there, and leaves no shape unused', () => {
    const schemas = Object.keys(document.components?.schemas ?? {});
    const references = new Set(
      Array.from(JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name),
    );
    expect([...references].filter((name) => name === undefined || !schemas.includes(name))).toEqual([]);
    // The events of a stream are described in words, so their shape is only looked up by name.
    expect(schemas.filter((name) => !references.has(name))).toEqual(['TransferEvent']);
  });

  it('refuses unknown fields of requests, as the service does', () => {
    for (const name of ['NewPush', 'NewChoice', 'ResolveMany'])
      expect(document.components?.schemas?.[name]?.additionalProperties).toBe(false);
  });
});

describe('/docs', () => {
  it('reads without anything from elsewhere and has an anchor for every operation and problem', async () => {
    const { headers, text } = await send(app, 'GET', '/docs');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|<link|src=|@import|url\(/);
    for (const { operation } of operations) expect(text).toContain(`id="${operation.operationId}"`);
    const codes = (document.components?.schemas?.Problem?.properties?.code?.enum ?? []) as unknown as string[];
    expect(codes.length).toBeGreaterThan(20);
    for (const code of codes) {
      expect(Object.keys(FAILURE_CODES)).toContain(code);
      expect(text).toContain(`id="${code}"`);
    }
    for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(text, target).toContain(`id="${target}"`);
    expect(text, 'code is set as code').not.toContain('`');
  });
});
