import { findEcrRegion } from './ecr-host.ts';
import type { DocumentPath, Mistake } from './mistake.ts';
import { fieldsOf, isMapping, type RawDocument } from './raw-document.ts';

const FORMS = 'username and password, dockerConfig, aws, or aliyun';

/** Are credentials of exactly one form, and of one that the registry can use? */
export function checkCredentials(raw: RawDocument): Mistake[] {
  const registries = [...raw.registries].flatMap(([name, fields]) =>
    ['credentials', 'pullCredentials'].flatMap((key) =>
      checkEndpoint(['registries', name, key], fields.get(key), {
        aws: fields.get('kind') === 'ecr' || !fields.has('kind'),
        aliyun: fields.get('kind') === 'acr' || !fields.has('kind'),
      }),
    ),
  );
  const sources = [...raw.sources].flatMap(([key, fields]) =>
    checkEndpoint(['sources', key, 'credentials'], fields.get('credentials'), {
      aws: findEcrRegion(String(fields.get('url'))) !== undefined,
      aliyun: false,
    }),
  );
  return [...registries, ...sources];
}

function checkEndpoint(path: DocumentPath, written: unknown, mayUse: { aws: boolean; aliyun: boolean }): Mistake[] {
  // What is no mapping is the schema's to report.
  if (!isMapping(written)) return [];
  const fields = fieldsOf(written);
  const hasBasic = fields.has('username') || fields.has('password');
  const forms = [hasBasic, ...['dockerConfig', 'aws', 'aliyun'].map((key) => fields.has(key))].filter(Boolean).length;
  const mistakes: Mistake[] = [];
  if (forms > 1) mistakes.push({ path, detail: `must be of one form only: ${FORMS}`, at: 'key' });
  if (fields.size === 0) mistakes.push({ path, detail: `is empty; it must be ${FORMS}, or be left out`, at: 'key' });
  if (hasBasic && !fields.has('password')) {
    mistakes.push({
      path: [...path, 'password'],
      detail: 'is missing; a username needs one, as env:NAME or file:PATH',
      at: 'key',
    });
  }
  if (hasBasic && !fields.has('username')) {
    mistakes.push({ path: [...path, 'username'], detail: 'is missing; a password needs one', at: 'key' });
  }
  if (fields.has('aws') && !mayUse.aws) {
    mistakes.push({
      path: [...path, 'aws'],
      detail: 'is of use to Amazon ECR only, and this registry is not one',
      at: 'key',
    });
  }
  if (fields.has('aliyun') && !mayUse.aliyun) {
    mistakes.push({
      path: [...path, 'aliyun'],
      detail: 'is of use to registries of kind acr only, and this is not one',
      at: 'key',
    });
  }
  return mistakes;
}
