import type { IDataObject } from 'n8n-workflow';
import type { Operation } from '../shared/describe-operation';
import { limitParameters } from '../shared/limit-parameters';
import { locationLocator } from '../shared/locators';
import { dropBlanks, readFields, readId } from '../shared/read-parameters';

const asObject = ({ body }: { body: unknown }): IDataObject => body as IDataObject;

const get: Operation = {
  option: {
    name: 'Get',
    value: 'get',
    action: 'Get location',
    description: 'Look up a location: address, hours, cap, whether it takes leads',
  },
  parameters: [locationLocator],
  request: (context, itemIndex) => ({
    method: 'GET',
    path: `/v1/locations/${readId(context, 'locationId', itemIndex)}`,
  }),
  read: asObject,
};

/** Several items out for one in: get-many.ts. */
const getMany: Operation = {
  option: {
    name: 'Get Many',
    value: 'getAll',
    action: 'Get many locations',
    description: 'List locations, or find them by name, franchise code or city',
  },
  parameters: [
    ...limitParameters,
    {
      displayName: 'Search',
      name: 'query',
      type: 'string',
      default: '',
      placeholder: 'e.g. Boston',
      description: 'Part of a name, franchise code or city; blank is all',
    },
  ],
};

const findNearby: Operation = {
  option: {
    name: 'Find Nearby',
    value: 'findNearby',
    action: 'Find nearby locations',
    description: 'Find the nearest locations of a postal code or a point',
  },
  parameters: [
    {
      displayName: 'Search By',
      name: 'nearbyBy',
      type: 'options',
      noDataExpression: true,
      options: [
        { name: 'Coordinates', value: 'coordinates', description: 'Longitude and latitude' },
        { name: 'Postal Code', value: 'postalCode', description: 'ZIP or Canadian postal code' },
      ],
      default: 'postalCode',
    },
    {
      displayName: 'Postal Code',
      name: 'postalCode',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. 02134',
      displayOptions: { show: { nearbyBy: ['postalCode'] } },
    },
    {
      displayName: 'Longitude',
      name: 'lng',
      type: 'number',
      typeOptions: { numberPrecision: 6 },
      default: 0,
      required: true,
      displayOptions: { show: { nearbyBy: ['coordinates'] } },
    },
    {
      displayName: 'Latitude',
      name: 'lat',
      type: 'number',
      typeOptions: { numberPrecision: 6 },
      default: 0,
      required: true,
      displayOptions: { show: { nearbyBy: ['coordinates'] } },
    },
    {
      displayName: 'Limit',
      name: 'limit',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 50,
      description: 'Max number of results to return',
    },
    {
      displayName: 'Options',
      name: 'nearbyOptions',
      type: 'collection',
      placeholder: 'Add option',
      default: {},
      options: [
        {
          displayName: 'Radius (Miles)',
          name: 'radiusMiles',
          type: 'number',
          typeOptions: { minValue: 1, maxValue: 12500 },
          default: 50,
        },
        {
          displayName: 'Service',
          name: 'service',
          type: 'string',
          default: '',
          placeholder: 'e.g. leak-repair',
          description: 'Only locations that offer it',
        },
      ],
    },
  ],
  request: (context, itemIndex) => {
    const isPoint = context.getNodeParameter('nearbyBy', itemIndex) === 'coordinates';
    const place = isPoint
      ? {
          lng: Number(context.getNodeParameter('lng', itemIndex)),
          lat: Number(context.getNodeParameter('lat', itemIndex)),
        }
      : { postalCode: String(context.getNodeParameter('postalCode', itemIndex)).trim() };
    const { radiusMiles, service } = readFields(context, 'nearbyOptions', itemIndex) as {
      radiusMiles?: number;
      service?: string;
    };
    const limit = Math.min(100, Number(context.getNodeParameter('limit', itemIndex, 50)));
    return { method: 'GET', path: '/v1/locations/nearby', query: { ...place, radiusMiles, service, limit } };
  },
  read: asObject,
};

const updateCapacity: Operation = {
  option: {
    name: 'Update Capacity',
    value: 'updateCapacity',
    action: 'Update capacity of location',
    description: 'Set how many leads a location takes a day',
  },
  parameters: [
    locationLocator,
    {
      displayName: 'Without Limit',
      name: 'isUnlimited',
      type: 'boolean',
      default: false,
      description: 'Whether the location takes any number of leads a day',
    },
    {
      displayName: 'Daily Cap',
      name: 'dailyCap',
      type: 'number',
      typeOptions: { minValue: 0 },
      default: 20,
      required: true,
      description: 'Leads a day, by the clock of the location; 0 takes none',
      displayOptions: { show: { isUnlimited: [false] } },
    },
  ],
  request: (context, itemIndex) => {
    const isUnlimited = context.getNodeParameter('isUnlimited', itemIndex, false) === true;
    const dailyCap = isUnlimited ? null : Number(context.getNodeParameter('dailyCap', itemIndex));
    return {
      method: 'PUT',
      path: `/v1/locations/${readId(context, 'locationId', itemIndex)}/capacity`,
      body: { dailyCap },
    };
  },
  read: ({ body }) => dropBlanks(body as IDataObject),
};

export const locationOperations: readonly Operation[] = [findNearby, get, getMany, updateCapacity];
