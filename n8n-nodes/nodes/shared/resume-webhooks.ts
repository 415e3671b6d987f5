import type { IWebhookDescription } from 'n8n-workflow';

/** Makes an execution that a node put to wait resumable by `POST $execution.resumeUrl`. */
export const resumeWebhooks: IWebhookDescription[] = [
  {
    name: 'default',
    httpMethod: 'POST',
    responseMode: 'onReceived',
    responseData: '',
    path: '',
    restartWebhook: true,
    isFullPath: true,
  },
];
