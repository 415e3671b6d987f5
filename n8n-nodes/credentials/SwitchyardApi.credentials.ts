import type {
  IAuthenticateGeneric,
  Icon,
  ICredentialTestRequest,
  ICredentialType,
  INodeProperties,
} from 'n8n-workflow';

/** Where the router is and the key to it. HighLevel's own tokens stay in the router: n8n never holds one. */
export class SwitchyardApi implements ICredentialType {
  name = 'switchyardApi';

  displayName = 'Switchyard API';

  icon: Icon = { light: 'file:../icons/switchyard.svg', dark: 'file:../icons/switchyard.dark.svg' };

  documentationUrl = 'https://github.com/switchyard-hq/switchyard/tree/main/n8n-nodes#credentials';

  properties: INodeProperties[] = [
    {
      displayName: 'Base URL',
      name: 'baseUrl',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. https://switchyard.example.workers.dev',
      description: 'Address of your Switchyard router, without a path',
    },
    {
      displayName: 'API Key',
      name: 'apiKey',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      placeholder: 'e.g. swy_…',
      description: 'Key of the router, with the scopes that your workflows need',
    },
  ];

  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey}}' } },
  };

  test: ICredentialTestRequest = {
    request: {
      baseURL: '={{$credentials.baseUrl.trim().replace(/\\/+$/, "")}}',
      url: '/v1/me',
    },
  };
}
