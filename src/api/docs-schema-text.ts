import { escapeHtml } from './escape-html.ts';

/** As much of an OpenAPI 3.1 schema as a reader is told. */
export type SchemaNode = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly required?: readonly string[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly description?: string;
  readonly example?: unknown;
};

/** A schema in a few words of HTML: `list of Transfer`, `string or null`, `"home" | "relay"`. */
export function schemaText(schema: SchemaNode): string {
  if (schema.$ref !== undefined) return schemaLink(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1));
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts !== undefined) return parts.map(schemaText).join(' or ');
  if (schema.allOf !== undefined) return schema.allOf.map(schemaText).join(' with ');
  const values = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
  if (values !== undefined)
    return values.map((value) => `<code>${escapeHtml(JSON.stringify(value))}</code>`).join(' | ');
  if (schema.items !== undefined) return `list of ${schemaText(schema.items)}`;
  if (typeof schema.additionalProperties === 'object' && schema.properties === undefined)
    return `map to ${schemaText(schema.additionalProperties)}`;
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['any']);
  const text = types.join(' or ');
  return escapeHtml(schema.format === undefined ? text : `${text} (${schema.format})`);
}

export function schemaLink(name: string): string {
  return `<a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
}
