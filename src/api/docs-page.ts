import { FAILURE_CODES, type FailureCode } from '../kernel/failure-codes.ts';
import { type SchemaNode, schemaLink, schemaText } from './docs-schema-text.ts';
import { escapeHtml, inlineHtml, proseHtml } from './escape-html.ts';
import type { OpenApiDocument } from './open-api-document.ts';
import { isProblemCode } from './problem-code.ts';

type Content = Readonly<Record<string, { readonly schema?: SchemaNode }>>;
type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: SchemaNode;
};
type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
};
/** The parts of the document that the page shows; the document is our own, so its form is known. */
type Shown = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, SchemaNode>> };
};

const STYLE = `body{font:16px/1.55 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h1,h2,h3{line-height:1.25}h2{margin-top:3rem;border-bottom:1px solid #d5dbe3}h3{margin-top:2.2rem}
code{font:.9em ui-monospace,monospace;background:#f0f3f6;padding:.1em .3em;border-radius:3px;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.6rem 0}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #e4e8ed}
.method{font:bold .8em ui-monospace,monospace;background:#1f4e79;color:#fff;padding:.2em .5em;border-radius:3px}a{color:#1f5fa8}
@media(prefers-color-scheme:dark){body{color:#dde3ea;background:#14181d}code{background:#242b33}h2,td,th{border-color:#333c46}a{color:#7db4ee}}`;

/** The OpenAPI document as one HTML page that needs no script and nothing from elsewhere. Problem types link to its anchors. */
export function docsPage(document: OpenApiDocument): string {
  const { info, tags, paths, components } = JSON.parse(JSON.stringify(document)) as Shown;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2 id="${escapeHtml(name)}">${escapeHtml(description)}</h2>${own.map(({ path, method, operation }) => operationHtml(path, method, operation)).join('')}`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(info.title)} API</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(info.title)} API <small>${escapeHtml(info.version)}</small></h1>
${proseHtml(info.description)}
<p>The same for programs: <a href="/openapi.json">/openapi.json</a></p>
<nav><ul>${operations.map(({ path, method, operation }) => `<li><a href="#${escapeHtml(operation.operationId)}">${method.toUpperCase()} ${escapeHtml(path)}</a> ${inlineHtml(operation.summary)}</li>`).join('')}</ul></nav>
${sections.join('\n')}
<h2 id="schemas">Shapes</h2>${Object.entries(components.schemas)
    .map(([name, schema]) => shapeHtml(name, schema))
    .join('')}
<h2 id="problems">Problems</h2>${problemsHtml()}
</body></html>
`;
}

function operationHtml(path: string, method: string, operation: Operation): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map((parameter) => [
    `<code>${escapeHtml(parameter.name)}</code>`,
    `${parameter.in}${parameter.required === true ? ', required' : ''}`,
    parameter.schema === undefined ? '' : schemaText(parameter.schema),
    inlineHtml(parameter.description ?? ''),
  ]);
  const answers = Object.entries(responses).map(([status, answer]) => [
    escapeHtml(status),
    contentHtml(answer.content),
    inlineHtml(answer.description),
  ]);
  return `<section id="${escapeHtml(operationId)}"><h3><span class="method">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code></h3>
${proseHtml(`${summary}.`.replace(/([?.])\.$/, '$1'))}${description === undefined ? '' : proseHtml(description)}
${rows.length === 0 ? '' : tableHtml(['Parameter', 'In', 'Type', 'Meaning'], rows)}${requestBody === undefined ? '' : `<p>Body: ${contentHtml(requestBody.content)}</p>`}
${tableHtml(['Status', 'Answer', 'Meaning'], answers)}</section>`;
}

function contentHtml(content: Content | undefined): string {
  const kinds = Object.entries(content ?? {}).map(
    ([type, { schema }]) =>
      `${schema === undefined ? '' : `${schemaText(schema)} as `}<code>${escapeHtml(type)}</code>`,
  );
  return kinds.join('<br>');
}

function shapeHtml(name: string, schema: SchemaNode): string {
  const parts = [schema, ...(schema.allOf ?? [])];
  const rows = parts.flatMap((part) =>
    Object.entries(part.properties ?? {}).map(([property, value]) => [
      `<code>${escapeHtml(property)}</code>${part.required?.includes(property) === true ? '' : ' (optional)'}`,
      schemaText(value),
      inlineHtml(value.description ?? ''),
    ]),
  );
  const bases = (schema.allOf ?? []).filter(({ $ref }) => $ref !== undefined).map(schemaText);
  const base = bases.length === 0 ? '' : `<p>All of ${bases.join(' and ')}, and:</p>`;
  return `<section id="schema-${escapeHtml(name)}"><h3>${schemaLink(name)}</h3>${base}${tableHtml(['Field', 'Type', 'Meaning'], rows)}</section>`;
}

function problemsHtml(): string {
  const codes = (Object.keys(FAILURE_CODES) as FailureCode[]).filter(isProblemCode);
  const sections = codes.map((code) => {
    const { title, status, retry } = FAILURE_CODES[code];
    return `<section id="${code}"><h3><code>${code}</code></h3><p>${escapeHtml(title)}. Status ${status}. ${retry ? 'The same request may succeed later.' : 'The same request will fail again until something is changed.'}</p></section>`;
  });
  return sections.join('\n');
}

function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${body}</tbody></table>`;
}
