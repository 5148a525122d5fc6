import { z } from 'zod';
import { documentSchema } from './document-schema.ts';

/** The part of JSON Schema (draft 2020-12) that the configuration's schema uses and this program reads. */
export type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly [keyword: string]: unknown;
};

/** The schema of the configuration file for editors, made from the one that validates it. */
export function makeConfigJsonSchema(): JsonSchema {
  return z.toJSONSchema(documentSchema, { target: 'draft-2020-12', io: 'input' }) as JsonSchema;
}

let cached: JsonSchema | undefined;

/** Keys that a mapping at this path may have; empty where keys are free or the path leads nowhere. */
export function findKnownKeys(path: readonly PropertyKey[]): readonly string[] {
  cached ??= makeConfigJsonSchema();
  let schemas: readonly JsonSchema[] = [cached];
  for (const step of path) schemas = schemas.flatMap((schema) => findChildren(schema, step));
  return schemas
    .flatMap((schema) => [schema, ...(schema.anyOf ?? [])])
    .flatMap(({ properties }) => Object.keys(properties ?? {}));
}

function findChildren(schema: JsonSchema, step: PropertyKey): readonly JsonSchema[] {
  const branches = [schema, ...(schema.anyOf ?? [])];
  return branches.flatMap(({ properties, additionalProperties, items }) => {
    if (typeof step === 'number') return items === undefined ? [] : [items];
    if (properties !== undefined) {
      const property = typeof step === 'string' && Object.hasOwn(properties, step) ? properties[step] : undefined;
      return property === undefined ? [] : [property];
    }
    return typeof additionalProperties === 'object' ? [additionalProperties] : [];
  });
}
