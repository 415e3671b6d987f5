// workflows-json/ as files: what n8n would refuse, or what would only show once somebody has imported them.
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PROJECT } from '../stack/local-folder.ts';

const workflowSchema = z.object({
  id: z.string().regex(/^[A-Za-z]{1,36}$/),
  name: z.string(),
  active: z.literal(false),
  nodes: z.array(
    z.looseObject({
      id: z.uuid(),
      name: z.string(),
      type: z.string(),
      parameters: z.record(z.string(), z.unknown()),
      webhookId: z.uuid().optional(),
    }),
  ),
  connections: z.record(
    z.string(),
    z.object({ main: z.array(z.array(z.object({ node: z.string(), type: z.literal('main'), index: z.int() }))) }),
  ),
});

const FOLDER = join(PROJECT, 'workflows-json');
const workflows = globSync('*.json', { cwd: FOLDER })
  .toSorted()
  .map((file) => ({
    file,
    text: readFileSync(join(FOLDER, file), 'utf8'),
    ...workflowSchema.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))),
  }));
const ours = new Set(globSync('n8n-nodes/nodes/*/*.node.ts', { cwd: PROJECT }).map((file) => nameOf(file)));

/** A node's own name comes first in its file. */
function nameOf(file: string): string {
  const [, name = ''] = /^ {2,4}name: '([A-Za-z]+)'/m.exec(readFileSync(join(PROJECT, file), 'utf8')) ?? [];
  return `n8n-nodes-switchyard.${name}`;
}

describe.each(workflows)('$file', ({ text, nodes, connections }) => {
  it('has each name and id once, and connects nodes that it has', () => {
    const names = nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
    const targets = Object.values(connections).flatMap(({ main }) => main.flat().map(({ node }) => node));
    expect(names).toEqual(expect.arrayContaining([...Object.keys(connections), ...targets]));
  });

  it('uses nodes of this package that there are, and no Code node, which the local n8n has no runner for', () => {
    const used = nodes.map(({ type }) => type);
    const known = used.filter((type) => type.startsWith('n8n-nodes-switchyard.'));
    expect([...ours]).toEqual(expect.arrayContaining(known));
    expect(used).not.toContain('n8n-nodes-base.code');
  });

  it('explains itself in notes, and holds no credential and no pinned data', () => {
    expect(nodes.some(({ type }) => type === 'n8n-nodes-base.stickyNote')).toBe(true);
    expect(text).not.toMatch(/"credentials"|"pinData": \{ *"/);
  });
});

it('no address of a webhook is there twice', () => {
  const ids = workflows.flatMap(({ nodes }) => nodes.flatMap(({ webhookId }) => webhookId ?? []));
  expect(new Set(ids).size).toBe(ids.length);
  const paths = workflows.flatMap(({ nodes }) =>
    nodes.flatMap(({ parameters }) => parameters['path'] ?? (parameters['options'] as { path?: string })?.path ?? []),
  );
  expect(new Set(paths).size).toBe(paths.length);
  expect(workflows.map(({ file }) => basename(file, '.json'))).toContain('onboard-from-csv');
});
