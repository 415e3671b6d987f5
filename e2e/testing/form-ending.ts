import { z } from 'zod';

/** As n8n's page has it: the bytes as a list, or as a text of one letter for each. */
const fileSchema = z.object({
  data: z.union([z.object({ data: z.array(z.number()) }), z.string()]),
  fileName: z.string(),
});
const filesPattern = /decodeURIComponent\("([^"]*)"\)/;

export interface FormEnding {
  readonly title: string;
  readonly text: string;
  /** By name: what the browser downloads from the page by itself. */
  readonly files: Readonly<Record<string, string>>;
}

/** Opens the last page of a form once the workflow has come to it, and tells n8n that it was seen, both as the browser does. */
export async function openFormEnding(pageUrl: string): Promise<FormEnding> {
  const html = await (await fetch(pageUrl)).text();
  await fetch(pageUrl, { method: 'POST' });
  const encoded = filesPattern.exec(html)?.[1] ?? '';
  const files = encoded === '' ? [] : z.array(fileSchema).parse(JSON.parse(decodeURIComponent(encoded)));
  return {
    title: /<h1[^>]*>([^<]*)/.exec(html)?.[1] ?? '',
    text: /<p[^>]*>([^<]*)/.exec(html)?.[1] ?? '',
    files: Object.fromEntries(files.map(({ fileName, data }) => [fileName, decode(data)])),
  };
}

function decode(data: z.output<typeof fileSchema>['data']): string {
  return typeof data === 'string' ? data : Buffer.from(data.data).toString('utf8');
}
