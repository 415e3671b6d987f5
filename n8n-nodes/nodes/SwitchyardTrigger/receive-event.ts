import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { connect } from '../shared/transport';
import { rememberEvent } from './remember-event';
import { isSigned } from './signature';

interface SwitchyardEvent extends IDataObject {
  id: string;
  topic: string;
  at: string;
  data: IDataObject;
}

/** Starts the workflow with an event that is Switchyard's own and new; answers 401 to a forgery and drops a repeat. */
export async function receiveEvent(context: IWebhookFunctions): Promise<IWebhookResponseData> {
  const memory = context.getWorkflowStaticData('node');
  const request = context.getRequestObject();
  const secret = typeof memory.secret === 'string' ? memory.secret : null;
  const rawBody = request.rawBody;
  if (secret === null || !isSigned({ headers: context.getHeaderData(), rawBody }, secret, Date.now())) {
    context.getResponseObject().status(401).json({ message: 'The signature is not valid.' });
    return { noWebhookResponse: true };
  }
  const event = context.getBodyData() as SwitchyardEvent;
  if (!rememberEvent(String(memory.subscriptionId), event.id)) return { webhookResponse: { status: 'duplicate' } };
  const isDetailed = context.getNodeParameter('includeDetails', true) === true;
  const details = isDetailed ? await readDetails(context, event) : {};
  return { webhookResponse: { status: 'accepted' }, workflowData: [[{ json: { ...event, ...details } }]] };
}

/** Events carry ids alone. What cannot be read now is left out, since the event itself must not be lost. */
async function readDetails(context: IWebhookFunctions, { data }: SwitchyardEvent): Promise<IDataObject> {
  const switchyard = await connect(context as never);
  const sources = { lead: ['leads', data.leadId], location: ['locations', data.locationId] } as const;
  const details: IDataObject = {};
  for (const [name, [list, id]] of Object.entries(sources)) {
    if (typeof id !== 'string') continue;
    const found = await switchyard.send({ method: 'GET', path: `/v1/${list}/${encodeURIComponent(id)}` });
    details[name] = found.ok ? (found.answer.body as IDataObject) : null;
  }
  return details;
}
