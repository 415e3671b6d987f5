import { createReadStream } from 'node:fs';
import * as z from 'zod';
import { parseJson } from '../../edge-router/src/http/body.ts';
import { Refusal } from './refusal.ts';
import { connect } from './run.ts';
import { readSourceTables, type SourceMap } from './source-layout.ts';

const text = z.string().nullish();
const lineSchema = z.object({
  leadId: z.string(),
  createdAt: z.string(),
  oldLocationId: text,
  body: z.object({
    source: z.string(),
    firstName: text,
    lastName: text,
    email: text,
    phone: text,
    postalCode: text,
    score: z.number().nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
  }),
});

/**
 * Writes the leads that a roll back kept into the source's own table, each once however often it is run: `metadata` names it. The
 * source gives them ids of its own.
 */
export async function replayLeads({
  from,
  file,
  map = {},
}: {
  from: string;
  file: string;
  map?: SourceMap;
}): Promise<{ replayed: number; known: number }> {
  const source = await connect(from);
  const counts = { replayed: 0, known: 0 };
  try {
    const { leads } = await readSourceTables(source, map);
    const column = (field: string) => `"${(map.tables?.leads?.columns?.[field] ?? field).replaceAll('"', '""')}"`;
    let number = 0;
    for await (const line of readLines(file)) {
      number += 1;
      const { leadId, createdAt, oldLocationId, body } = readLine(line, { file, number });
      const values: [string, unknown][] = [
        ['first_name', body.firstName],
        ['last_name', body.lastName],
        ['email', body.email],
        ['phone', body.phone],
        ['zip_code', body.postalCode],
        ['source', body.source],
        ['lead_score', body.score],
        ['assigned_location_id', oldLocationId],
        ['status', oldLocationId ? 'assigned' : 'new'],
        ['metadata', JSON.stringify({ ...body.metadata, switchyardLeadId: leadId })],
        ['created_at', createdAt],
        ['updated_at', createdAt],
      ];
      const there = values.filter(([field]) => map.tables?.leads?.columns?.[field] !== null);
      const { rowCount } = await source.query(
        `insert into ${leads.name} (${there.map(([field]) => column(field)).join(', ')})
         select ${there.map((_, index) => `$${index + 2}`).join(', ')}
         where not exists (select from ${leads.name} t where t.${column('metadata')} ->> 'switchyardLeadId' = $1)`,
        [leadId, ...there.map(([, value]) => value ?? null)],
      );
      counts[rowCount === 1 ? 'replayed' : 'known'] += 1;
    }
    return counts;
  } finally {
    await source.end();
  }
}

/** At line feeds alone: a text may have other characters that end a line. */
async function* readLines(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, 'utf8')) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function readLine(line: string, { file, number }: { file: string; number: number }): z.output<typeof lineSchema> {
  const json = parseJson(line);
  const parsed = lineSchema.safeParse(json.ok ? json.value : null);
  if (parsed.success) return parsed.data;
  throw new Refusal(
    `Line ${number} of ${file} is no lead that a roll back kept. The lines before it are in the source.`,
  );
}
