// n8n's real engine in this process: Workflow, WorkflowExecute, expressions, credentials and request helpers are n8n's own. Only
// the server around them is not there.
import 'reflect-metadata';
import type {
  ICredentialsHelper,
  IDataObject,
  IHttpRequestOptions,
  INode,
  INodeExecutionData,
  IRun,
  IWorkflowExecuteAdditionalData,
  NodeExecutionHint,
  WorkflowExecuteMode,
} from 'n8n-workflow';
import { createRunExecutionData, Workflow } from 'n8n-workflow';
import { createNodeTypes, loadNodes, PACKAGE, PASS_ON, START } from './node-types.mts';
import n8nCore from 'n8n-core';

const { ExecutionLifecycleHooks, WorkflowExecute } = n8nCore;

export interface Credentials {
  readonly baseUrl: string;
  readonly apiKey: string;
}

export interface NodeRun {
  /** The node's name in the package. */
  readonly type: string;
  readonly parameters?: IDataObject;
  readonly items?: readonly (IDataObject | INodeExecutionData)[];
  readonly credentials: Credentials;
  readonly onError?: INode['onError'];
}

export interface NodeResult {
  readonly status: IRun['status'];
  /** Items by output; the error output, where there is one, is the last. */
  readonly outputs: readonly (readonly INodeExecutionData[])[];
  readonly error: { readonly message: string; readonly description?: string | null; readonly httpCode?: string } | null;
  readonly hints: readonly NodeExecutionHint[];
  readonly waitTill: Date | null;
}

/** Runs one node of the package, after a start node that emits `items`. */
export async function runNode(run: NodeRun): Promise<NodeResult> {
  const { workflow, nodes } = await createWorkflow(run);
  const finished = await execute(workflow, { ...run, nodes });
  const [task] = finished.data.resultData.runData['Tested'] ?? [];
  const error = task?.error ?? finished.data.resultData.error ?? null;
  return {
    status: finished.status,
    outputs: (task?.data?.['main'] ?? []).map((items) => items ?? []),
    error: error as NodeResult['error'],
    hints: task?.hints ?? [],
    waitTill: finished.waitTill ?? null,
  };
}

export async function createWorkflow({ type, parameters = {}, onError }: NodeRun) {
  const tested: INode = {
    id: 'tested',
    name: 'Tested',
    type: `${PACKAGE}.${type}`,
    typeVersion: 1,
    position: [200, 0],
    parameters: parameters as INode['parameters'],
    credentials: { switchyardApi: { id: '1', name: 'Switchyard' } },
    webhookId: 'a-webhook-of-the-test',
    ...(onError ? { onError } : {}),
  };
  const plain = { typeVersion: 1, parameters: {} };
  const nodes: INode[] = [
    { ...plain, id: 'start', name: 'Start', type: START, position: [0, 0] },
    tested,
    { ...plain, id: 'end', name: 'End', type: PASS_ON, position: [400, 0] },
  ];
  const to = (node: string) => [{ node, type: 'main' as const, index: 0 }];
  const connections = { Start: { main: [to('Tested')] }, Tested: { main: [to('End')] } };
  const workflow = new Workflow({
    id: 'workflow-1',
    nodes,
    connections,
    active: false,
    nodeTypes: createNodeTypes(await loadNodes()),
    settings: { executionOrder: 'v1' },
  });
  return { workflow, nodes, tested };
}

async function execute(workflow: Workflow, run: NodeRun & { readonly nodes: INode[] }): Promise<IRun> {
  const mode: WorkflowExecuteMode = 'manual';
  const [start] = run.nodes;
  if (!start) throw new Error('a workflow has a first node');
  const given = (run.items ?? [{}]).map((item) => ('json' in item ? (item as INodeExecutionData) : { json: item }));
  const data = createRunExecutionData({
    executionData: { nodeExecutionStack: [{ node: start, data: { main: [[...given]] }, source: null }] },
  });
  await workflow.expression.acquireIsolate?.();
  try {
    const additionalData = createAdditionalData(run);
    return await new WorkflowExecute(additionalData, mode, data).processRunExecutionData(workflow);
  } finally {
    await workflow.expression.releaseIsolate?.();
  }
}

/** What n8n's server hands to the engine, as far as these nodes touch it. */
export function createAdditionalData(run: Pick<NodeRun, 'credentials'>): IWorkflowExecuteAdditionalData {
  const base = 'http://127.0.0.1:5678';
  const unused = () => Promise.reject(new Error('not part of these tests'));
  const hooks = new ExecutionLifecycleHooks('manual', 'execution-1', {
    id: 'workflow-1',
    name: 'Test',
    active: false,
    isArchived: false,
    createdAt: new Date(),
    updatedAt: new Date(),
    nodes: [],
    connections: {},
  } as never);
  return {
    hooks,
    executionId: 'execution-1',
    credentialsHelper: createCredentialsHelper(run.credentials),
    currentNodeExecutionIndex: 0,
    variables: {},
    restApiUrl: `${base}/rest`,
    instanceBaseUrl: `${base}/`,
    formWaitingBaseUrl: `${base}/form-waiting`,
    webhookBaseUrl: `${base}/webhook`,
    webhookWaitingBaseUrl: `${base}/webhook-waiting`,
    webhookTestBaseUrl: `${base}/webhook-test`,
    setExecutionStatus: () => undefined,
    sendDataToUI: () => undefined,
    logAiEvent: () => undefined,
    executeWorkflow: unused,
    getRunExecutionData: () => Promise.resolve(undefined),
    startRunnerTask: unused,
  } as unknown as IWorkflowExecuteAdditionalData;
}

/** Resolves the credential's own `authenticate` as n8n does. */
function createCredentialsHelper(credentials: Credentials): ICredentialsHelper {
  return {
    getParentTypes: () => [],
    isCredentialUsableByNode: () => true,
    getCredentialsProperties: () => [],
    getDecrypted: () => Promise.resolve({ ...credentials }),
    preAuthentication: () => Promise.resolve(undefined),
    runPreAuthentication: () => Promise.resolve(undefined),
    updateCredentials: () => Promise.resolve(),
    updateCredentialsOauthTokenData: () => Promise.resolve(),
    authenticate: (found: IDataObject, _type: string, options: IHttpRequestOptions) =>
      Promise.resolve({
        ...options,
        headers: { ...options.headers, Authorization: `Bearer ${String(found['apiKey'])}` },
      }),
  } as unknown as ICredentialsHelper;
}
