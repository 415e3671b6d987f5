import { html } from 'hono/html';
import * as z from 'zod';
import type { OpenApiDocument } from './document.ts';
import { listFields, type Field } from './schema-fields.ts';

type Html = ReturnType<typeof html>;

const schema = z.record(z.string(), z.unknown());
const contentSchema = z.record(z.string(), z.object({ schema: schema.optional(), example: z.unknown().optional() }));
const operationSchema = z.object({
  operationId: z.string(),
  tags: z.array(z.string()),
  summary: z.string(),
  description: z.string().optional(),
  'x-scope': z.string().optional(),
  parameters: z.array(
    z.object({ name: z.string(), in: z.string(), required: z.boolean(), description: z.string().optional(), schema }),
  ),
  requestBody: z.object({ content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: contentSchema.optional() })),
});

interface Shown extends z.output<typeof operationSchema> {
  readonly method: string;
  readonly path: string;
}

/** The document as a page for people: addresses by tag, what each takes and answers. */
export function renderPage(document: OpenApiDocument): Html {
  const shown = listShown(document);
  const { title, description } = document.info;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} API</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <div class="whole">
          <nav>
            <strong>${title} API</strong>
            ${document.tags.map(({ name }) => renderIndex(name, shown))}
          </nav>
          <main>
            <h1>${title} API</h1>
            <p>${renderText(description)}</p>
            <p>
              Every address but the public ones takes <code>Authorization: Bearer &lt;API key&gt;</code>. The same for
              machines: <a href="/openapi.json">openapi.json</a>.
            </p>
            ${shown.map(renderOperation)}
          </main>
        </div>
      </body>
    </html>`;
}

function listShown({ paths }: OpenApiDocument): Shown[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operationSchema.parse(operation), method, path })),
  );
}

function renderIndex(tag: string, shown: readonly Shown[]): Html {
  const links = shown
    .filter((operation) => operation.tags.includes(tag))
    .map(({ operationId, summary }) => html`<li><a href="#${operationId}">${summary}</a></li>`);
  return html`<h2>${tag}</h2>
    <ul>
      ${links}
    </ul>`;
}

/** `code` in the words of the document. */
function renderText(text: string): (Html | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}

function renderOperation(operation: Shown): Html {
  const { operationId, summary, method, path, description, parameters, requestBody, responses } = operation;
  const scope = operation['x-scope'];
  return html`<section id="${operationId}">
    <h3>${summary}</h3>
    <p class="address">
      <span class="method ${method}">${method.toUpperCase()}</span><code>${path}</code>
      <span class="dim">${scope ? html`scope <code>${scope}</code>` : 'public'}</span>
    </p>
    ${description ? html`<p>${renderText(description)}</p>` : ''}
    ${parameters.length > 0 ? renderFields(parameters.map(toField)) : ''}
    ${Object.entries(requestBody?.content ?? {}).map(([type, body]) => renderBody(`Body, ${type}`, body))}
    <h4>Answers</h4>
    ${Object.entries(responses).map(([status, { description: words, content }]) => renderAnswer({ status, words, content }))}
  </section>`;
}

function toField(parameter: Shown['parameters'][number]): Field {
  const [field] = listFields({ type: 'object', properties: { [parameter.name]: parameter.schema } });
  const where = `${parameter.in}${parameter.required ? '' : ', optional'}`;
  return {
    name: parameter.name,
    type: [field?.type ?? '', where].filter(Boolean).join('; '),
    description: parameter.description ?? field?.description ?? '',
  };
}

function renderBody(title: string, { schema: bodySchema, example }: z.output<typeof contentSchema>[string]): Html {
  const fields = bodySchema ? listFields(bodySchema) : [];
  const text = typeof example === 'string' ? example : JSON.stringify(example, null, 2);
  return html`<h4>${title}</h4>
    ${fields.length > 0 ? renderFields(fields) : ''} ${example === undefined ? '' : html`<pre>${text}</pre>`}`;
}

function renderAnswer({
  status,
  words,
  content = {},
}: {
  status: string;
  words: string;
  content: z.output<typeof contentSchema> | undefined;
}): Html {
  const fields = Object.values(content).flatMap((body) => (body.schema ? listFields(body.schema) : []));
  const line = html`<code>${status}</code> ${renderText(words)}`;
  if (fields.length === 0) return html`<p>${line}</p>`;
  return html`<details>
    <summary>${line}</summary>
    ${renderFields(fields)}
  </details>`;
}

function renderFields(fields: readonly Field[]): Html {
  return html`<table>
    <tbody>
      ${fields.map(
        ({ name, type, description }) =>
          html`<tr>
            <td><code>${name}</code></td>
            <td>${type}</td>
            <td>${renderText(description)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
