import type { INodeProperties } from 'n8n-workflow';
import { columns } from './columns';

export const inputSource = { items: 'items', file: 'file' } as const;

export const parameters: INodeProperties[] = [
  {
    displayName:
      'Nothing is created here: every row is checked and compared with what exists, and all that is wrong is told at once.',
    name: 'notice',
    type: 'notice',
    default: '',
  },
  {
    displayName: 'Locations Come From',
    name: 'inputSource',
    type: 'options',
    noDataExpression: true,
    options: [
      { name: 'Items', value: inputSource.items, description: 'One location in each item, as from a spreadsheet node' },
      { name: 'CSV File', value: inputSource.file, description: 'A file in a binary field, as from an upload' },
    ],
    default: 'items',
  },
  {
    displayName: 'Batch',
    name: 'batch',
    type: 'string',
    default: '',
    required: true,
    placeholder: 'e.g. spring-openings',
    description:
      'Name of your choice for these locations; every item carries it on. The same batch and row is the same onboarding run, however often the workflow runs.',
  },
  {
    displayName: 'Input Data Field Name',
    name: 'binaryField',
    type: 'string',
    default: 'data',
    required: true,
    hint: 'The name of the input field containing the file',
    displayOptions: { show: { inputSource: [inputSource.file] } },
  },
  {
    displayName: 'Columns',
    name: 'columns',
    type: 'resourceMapper',
    default: { mappingMode: 'autoMapInputData', value: null },
    noDataExpression: true,
    required: true,
    description: 'How the fields of an item become a location. Automatically: headings are recognised by name.',
    typeOptions: {
      resourceMapper: {
        resourceMapperMethod: 'getLocationColumns',
        mode: 'map',
        fieldWords: { singular: 'column', plural: 'columns' },
        addAllFields: true,
        multiKeyMatch: false,
        supportAutoMap: true,
      },
    },
    displayOptions: { show: { inputSource: [inputSource.items] } },
  },
  {
    displayName: 'Headings',
    name: 'headings',
    type: 'fixedCollection',
    typeOptions: { multipleValues: true },
    placeholder: 'Add heading',
    default: {},
    description:
      'Headings of the file that are not recognised by name. Where there are any, every heading must be here.',
    options: [
      {
        displayName: 'Heading',
        name: 'heading',
        values: [
          {
            displayName: 'Heading in the File',
            name: 'from',
            type: 'string',
            default: '',
            placeholder: 'e.g. Store #',
          },
          {
            displayName: 'Is the Column',
            name: 'to',
            type: 'options',
            options: [...columns]
              .map(({ heading }) => ({ name: heading, value: heading }))
              .sort((a, b) => a.name.localeCompare(b.name)),
            default: 'Franchise Code',
          },
        ],
      },
    ],
    displayOptions: { show: { inputSource: [inputSource.file] } },
  },
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    options: [
      {
        displayName: 'Email Rule',
        name: 'emailRule',
        type: 'string',
        default: '',
        placeholder: 'e.g. {franchiseCode}@brand.example',
        description: 'Fills emails that are missing; may name {franchiseCode}, {name}, {city} and {state}',
      },
      {
        displayName: 'Saved Mapping',
        name: 'mapping',
        type: 'string',
        default: '',
        placeholder: 'e.g. corporate-export',
        description: 'Name of a mapping of headings that is saved in Switchyard',
      },
    ],
  },
];
