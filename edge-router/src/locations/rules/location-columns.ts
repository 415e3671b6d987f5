import { toHeadingKey, type Column } from './sheet.ts';

export type LocationColumn =
  | 'name'
  | 'address'
  | 'city'
  | 'state'
  | 'postalCode'
  | 'phone'
  | 'email'
  | 'website'
  | 'timezone'
  | 'dailyCap'
  | 'region'
  | 'franchiseCode'
  | 'openingDate'
  | 'managerName'
  | 'managerEmail'
  | 'specialties'
  | 'latitude'
  | 'longitude'
  | 'coordinates'
  | 'ghlLocationId'
  | 'active'
  | 'hours'
  | 'holidays'
  | 'conversionRate';

/** The standard columns, then those a file may have besides. `coordinates` is for JSON: `{ lng, lat }`. */
export const locationColumns: readonly Column<LocationColumn>[] = [
  required(
    'name',
    'Location Name',
    'Store Name',
    'Branch Name',
    'Branch',
    'Site Name',
    'Shop Name',
    'Location',
    'Title',
  ),
  required('address', 'Address', 'Street', 'Street Address', 'Address 1', 'Address Line 1', 'Full Address'),
  required('city', 'City', 'Town', 'Locality'),
  required('state', 'State', 'State Code', 'State Abbreviation', 'Province', 'State/Province', 'State Name'),
  required('postalCode', 'Zip Code', 'Zip', 'Postcode', 'Post Code', 'Zip/Postal Code'),
  optional('phone', 'Phone', 'Phone Number', 'Telephone', 'Tel', 'Main Phone'),
  optional('email', 'Email', 'Email Address', 'Store Email', 'Contact Email'),
  optional('website', 'Website', 'Website URL', 'Web Site', 'Site URL'),
  optional('timezone', 'Timezone', 'TZ', 'IANA Timezone'),
  optional('dailyCap', 'Capacity Limit', 'Capacity', 'Daily Capacity', 'Daily Lead Limit', 'Max Leads per Day'),
  optional('region', 'Region', 'Territory Name', 'Market', 'District', 'DMA'),
  required(
    'franchiseCode',
    'Franchise Code',
    'Store ID',
    'Store Number',
    'Store Code',
    'Location ID',
    'Location Code',
    'Code',
  ),
  optional('openingDate', 'Opening Date', 'Open Date', 'Opened', 'Opened On', 'Grand Opening'),
  optional('managerName', 'Manager Name', 'Manager', 'General Manager', 'Owner Name', 'Owner'),
  optional('managerEmail', 'Manager Email', 'Owner Email', 'GM Email'),
  optional('specialties', 'Specialties', 'Services', 'Service Types'),
  optional('latitude', 'Latitude', 'Lat'),
  optional('longitude', 'Longitude', 'Lng', 'Lon', 'Long'),
  optional('coordinates', 'Coordinates'),
  optional('ghlLocationId', 'Sub-account Id', 'Sub-account', 'HighLevel Location ID', 'GHL ID'),
  optional('active', 'Active', 'Is Active', 'Enabled'),
  optional('hours', 'Hours', 'Opening Hours', 'Business Hours', 'Store Hours', 'Hours of Operation'),
  optional('holidays', 'Holidays', 'Closed On', 'Closed Dates'),
  optional('conversionRate', 'Conversion Rate', 'Close Rate'),
];

function required(key: LocationColumn, heading: string, ...aliases: string[]): Column<LocationColumn> {
  return { key, heading, isRequired: true, aliases };
}

function optional(key: LocationColumn, heading: string, ...aliases: string[]): Column<LocationColumn> {
  return { key, heading, isRequired: false, aliases };
}

export interface ColumnMapping {
  /** Heading of the file -> standard heading; to be looked at by a person, then given to `parseLocationCsv`. */
  readonly mapping: Readonly<Record<string, string>>;
  /** Headings nothing is suggested for; their cells are left out. */
  readonly unmapped: readonly string[];
  /** Required columns that no heading was found for. */
  readonly missing: readonly string[];
}

/**
 * Suggests what other headings stand for, by name: 'store_id' is Franchise Code, 'zip' is Zip Code. Each column is
 * suggested once, for the heading that fits it best.
 */
export function columnMappingFor(headings: readonly string[]): ColumnMapping {
  const mapping = new Map<string, string>();
  const missing: string[] = [];
  for (const column of locationColumns) {
    const names = [column.heading, column.key, ...column.aliases].map(toHeadingKey);
    const fitting = names.flatMap((name) => headings.filter((heading) => toHeadingKey(heading) === name));
    const best = fitting.find((heading) => !mapping.has(heading.trim()));
    if (best !== undefined) mapping.set(best.trim(), column.heading);
    else if (column.isRequired) missing.push(column.heading);
  }
  const unmapped = headings.filter((heading) => heading.trim() !== '' && !mapping.has(heading.trim()));
  return { mapping: Object.fromEntries(mapping), unmapped, missing };
}
