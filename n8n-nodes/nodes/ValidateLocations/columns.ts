import type { FieldType, ILoadOptionsFunctions, ResourceMapperFields } from 'n8n-workflow';

interface Column {
  readonly heading: string;
  readonly type?: FieldType;
  readonly required?: boolean;
}

/** The standard columns of a locations file; the router checks every cell, so here they are only named. */
export const columns: readonly Column[] = [
  { heading: 'Location Name', required: true },
  { heading: 'Address', required: true },
  { heading: 'City', required: true },
  { heading: 'State', required: true },
  { heading: 'Zip Code', required: true },
  { heading: 'Phone' },
  { heading: 'Email' },
  { heading: 'Website' },
  { heading: 'Timezone' },
  { heading: 'Capacity Limit' },
  { heading: 'Region' },
  { heading: 'Franchise Code' },
  { heading: 'Opening Date' },
  { heading: 'Manager Name' },
  { heading: 'Manager Email' },
  { heading: 'Specialties' },
];

export async function getLocationColumns(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
  return {
    fields: columns.map(({ heading, type = 'string', required = false }) => ({
      id: heading,
      displayName: heading,
      required,
      defaultMatch: false,
      canBeUsedToMatch: false,
      display: true,
      type,
    })),
  };
}
