// What a new n8n needs before a person opens it: an owner, the credential, the workflows of workflows-json/.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { PROJECT } from '../stack/local-folder.ts';
import { createOwner, logIn, type N8nSession } from './rest.ts';

const WORKFLOWS = join(PROJECT, 'workflows-json');
const PUBLISHED_TRIGGERS = new Set([
  'n8n-nodes-base.formTrigger',
  'n8n-nodes-base.webhook',
  'n8n-nodes-switchyard.switchyardTrigger',
]);
const CREDENTIAL = { type: 'switchyardApi', name: 'Switchyard (local)' };

export interface N8nSetUp {
  readonly n8nUrl: string;
  readonly owner: { readonly email: string; readonly password: string };
  readonly edgeUrl: string;
  readonly apiKey: string;
}

/** Safe at every start: what is there is kept, and a person's changes to workflows with it. @returns how many workflows were added */
export async function setUpN8n({ n8nUrl, owner, edgeUrl, apiKey }: N8nSetUp): Promise<number> {
  await createOwner(n8nUrl, owner);
  const session = await logIn(n8nUrl, owner);
  const credentialId = await provideCredential(session, { baseUrl: edgeUrl, apiKey });
  return await addWorkflows(session, credentialId);
}

const idSchema = z.object({ id: z.string() });
const addedSchema = idSchema.extend({ versionId: z.string() });

async function provideCredential(session: N8nSession, data: { baseUrl: string; apiKey: string }): Promise<string> {
  const listSchema = z.array(z.object({ id: z.string(), name: z.string(), type: z.string() }));
  const known = await session.send({ method: 'GET', path: '/credentials' }, listSchema);
  const found = known.find(({ name, type }) => name === CREDENTIAL.name && type === CREDENTIAL.type);
  const body = { ...CREDENTIAL, data };
  if (!found) return (await session.send({ method: 'POST', path: '/credentials', body }, idSchema)).id;
  // The ports may have moved since, and the key may be another one after a reset of the rest.
  await session.send({ method: 'PATCH', path: `/credentials/${found.id}`, body }, idSchema);
  return found.id;
}

const workflowSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  nodes: z.array(z.looseObject({ type: z.string() })),
});

async function addWorkflows(session: N8nSession, credentialId: string): Promise<number> {
  if (!existsSync(WORKFLOWS)) return 0;
  const known = await session.send({ method: 'GET', path: '/workflows' }, z.array(idSchema));
  const files = globSync('*.json', { cwd: WORKFLOWS }).toSorted();
  const workflows = files.map((file) => workflowSchema.parse(JSON.parse(readFileSync(join(WORKFLOWS, file), 'utf8'))));
  const missing = workflows.filter(({ id }) => !known.some((workflow) => workflow.id === id));
  for (const workflow of missing) {
    const body = { ...workflow, nodes: workflow.nodes.map((node) => withCredential(node, credentialId)) };
    const { id, versionId } = await session.send({ method: 'POST', path: '/workflows', body }, addedSchema);
    if (!hearsOthers(workflow)) continue;
    await session.send({ method: 'POST', path: `/workflows/${id}/activate`, body: { versionId } }, idSchema);
  }
  return missing.length;
}

/** Begins with a form, a webhook or an event, which reach a workflow only once it is published. Clocks and Google are left to people. */
function hearsOthers({ nodes }: z.output<typeof workflowSchema>): boolean {
  return nodes.some(({ type }) => PUBLISHED_TRIGGERS.has(type));
}

/** The files name no credential, since whoever imports them has another one. */
function withCredential(node: { type: string }, id: string): object {
  if (!node.type.startsWith('n8n-nodes-switchyard.')) return node;
  return { ...node, credentials: { [CREDENTIAL.type]: { id, name: CREDENTIAL.name } } };
}
