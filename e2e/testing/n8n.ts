// What a person does in n8n with a workflow of workflows-json/ that was imported: publish it, run it, copy it.
import { inject } from 'vitest';
import { z } from 'zod';
import { logIn, type N8nSession } from '../../local/n8n/rest.ts';
import { eventually } from '../../local/testing/eventually.ts';

const PUBLISH_TIMEOUT_MS = 60_000;
const POLL_MS = 250;

const workflowSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  active: z.boolean(),
  versionId: z.string(),
  nodes: z.array(z.looseObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()) })),
});

export type WorkflowNode = z.output<typeof workflowSchema>['nodes'][number];

let session: N8nSession | null = null;

export async function openSession(): Promise<N8nSession> {
  const { n8n, n8nEmail, n8nPassword } = inject('e2eStack');
  session ??= await logIn(n8n, { email: n8nEmail, password: n8nPassword });
  return session;
}

/** Publishes a workflow and waits until its triggers are there, which is later than n8n's answer. */
export async function publish(workflowId: string): Promise<void> {
  const { send } = await openSession();
  const path = `/workflows/${workflowId}`;
  const { active, versionId } = await send({ method: 'GET', path }, workflowSchema);
  if (!active) await send({ method: 'POST', path: `${path}/activate`, body: { versionId } }, z.unknown());
  const statusSchema = z.object({ status: z.literal('published') });
  await eventually(() => send({ method: 'GET', path: `${path}/publication-status` }, statusSchema), {
    timeoutMs: PUBLISH_TIMEOUT_MS,
    intervalMs: POLL_MS,
  });
}

/** The button "Execute workflow" of a trigger. Answers the execution's id. */
export async function runByHand(workflowId: string, trigger: string): Promise<string> {
  const { send } = await openSession();
  const body = { triggerToStartFrom: { name: trigger } };
  const path = `/workflows/${workflowId}/run`;
  return (await send({ method: 'POST', path, body }, z.object({ executionId: z.string() }))).executionId;
}

export interface Changes {
  /** What nodes answer in the place of doing anything, by name. */
  readonly pinned?: Readonly<Record<string, readonly Record<string, unknown>[]>>;
  readonly change?: (node: WorkflowNode) => WorkflowNode;
}

/** "Duplicate", with changes that a person would make in the editor. Answers the copy's id. */
export async function copyWorkflow(
  workflowId: string,
  { pinned = {}, change = (node) => node }: Changes,
): Promise<string> {
  const { send } = await openSession();
  const {
    id: _id,
    name,
    nodes,
    ...rest
  } = await send({ method: 'GET', path: `/workflows/${workflowId}` }, workflowSchema);
  const pinData = Object.fromEntries(
    Object.entries(pinned).map(([node, items]) => [node, items.map((json) => ({ json }))]),
  );
  const body = { ...rest, name: `${name} (copy)`, active: false, nodes: nodes.map(change), pinData };
  return (await send({ method: 'POST', path: '/workflows', body }, z.object({ id: z.string() }))).id;
}

/** What a trigger keeps between events. */
export async function readTriggerMemory(workflowId: string, node: string): Promise<{ secret: string }> {
  const { send } = await openSession();
  const memorySchema = z.object({ secret: z.string() });
  const answerSchema = z.object({ staticData: z.record(z.string(), z.unknown()) });
  const { staticData } = await send({ method: 'GET', path: `/workflows/${workflowId}` }, answerSchema);
  return memorySchema.parse(staticData[`node:${node}`]);
}

/** Sends an n8n form as the browser does; answers where its next page is, and the execution that it began. */
export async function submitForm(
  path: string,
  fields: readonly (string | File)[],
): Promise<{ executionId: string; pageUrl: string }> {
  const { formWaitingUrl } = z.object({ formWaitingUrl: z.url() }).parse(JSON.parse(await sendForm(path, fields)));
  const executionId = /\/form-waiting\/(\d+)/.exec(formWaitingUrl)?.[1];
  if (executionId === undefined) throw new Error(`The form ${path} began no execution: ${formWaitingUrl}`);
  return { executionId, pageUrl: formWaitingUrl };
}

/** Sends a form that leads to no other page; answers what n8n says. */
export async function sendForm(path: string, fields: readonly (string | File)[]): Promise<string> {
  return await postForm(`${inject('e2eStack').n8n}/form/${path}`, fields);
}

/** Answers a page on which an execution waits for a person. */
export async function answerForm(pageUrl: string, fields: readonly string[]): Promise<void> {
  await postForm(pageUrl, fields);
}

async function postForm(url: string, fields: readonly (string | File)[]): Promise<string> {
  const form = new FormData();
  for (const [index, value] of fields.entries()) form.set(`field-${index}`, value);
  const answer = await fetch(url, { method: 'POST', body: form });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The form ${url} answered ${answer.status}: ${text}`);
  return text;
}
