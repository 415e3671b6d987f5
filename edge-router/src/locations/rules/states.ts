export type Country = 'US' | 'CA';

/** US Census regions, US territories, and Canada as one: the key by which the database partitions locations. */
export type GeoRegion = 'northeast' | 'midwest' | 'south' | 'west' | 'territories' | 'canada';

export interface State {
  /** USPS or Canada Post code, unique across both countries. */
  readonly code: string;
  readonly name: string;
  readonly country: Country;
  readonly geoRegion: GeoRegion;
  /** IANA zones in use there, the one of most people first; empty for military mail, which has no place. */
  readonly timezones: readonly string[];
  readonly aliases: readonly string[];
}

type Row = readonly [code: string, name: string, timezones: string, aliases?: string];

const NORTHEAST: readonly Row[] = [
  ['CT', 'Connecticut', 'America/New_York', 'Conn'],
  ['MA', 'Massachusetts', 'America/New_York', 'Mass'],
  ['ME', 'Maine', 'America/New_York'],
  ['NH', 'New Hampshire', 'America/New_York'],
  ['NJ', 'New Jersey', 'America/New_York'],
  ['NY', 'New York', 'America/New_York', 'New York State'],
  ['PA', 'Pennsylvania', 'America/New_York', 'Penn,Penna'],
  ['RI', 'Rhode Island', 'America/New_York'],
  ['VT', 'Vermont', 'America/New_York'],
];

const MIDWEST: readonly Row[] = [
  ['IA', 'Iowa', 'America/Chicago'],
  ['IL', 'Illinois', 'America/Chicago', 'Ill'],
  [
    'IN',
    'Indiana',
    'America/Indiana/Indianapolis America/Chicago America/New_York America/Kentucky/Louisville ' +
      'America/Indiana/Knox America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Tell_City ' +
      'America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac',
    'Ind',
  ],
  ['KS', 'Kansas', 'America/Chicago America/Denver', 'Kans'],
  ['MI', 'Michigan', 'America/Detroit America/Menominee', 'Mich'],
  ['MN', 'Minnesota', 'America/Chicago', 'Minn'],
  ['MO', 'Missouri', 'America/Chicago'],
  [
    'ND',
    'North Dakota',
    'America/Chicago America/Denver America/North_Dakota/Beulah America/North_Dakota/Center ' +
      'America/North_Dakota/New_Salem',
    'N Dak',
  ],
  ['NE', 'Nebraska', 'America/Chicago America/Denver', 'Neb,Nebr'],
  ['OH', 'Ohio', 'America/New_York'],
  ['SD', 'South Dakota', 'America/Chicago America/Denver', 'S Dak'],
  ['WI', 'Wisconsin', 'America/Chicago America/Menominee', 'Wis,Wisc'],
];

const SOUTH: readonly Row[] = [
  // Phenix City, Valley and Lanett keep Georgia's time, whatever the law says.
  ['AL', 'Alabama', 'America/Chicago America/New_York', 'Ala'],
  ['AR', 'Arkansas', 'America/Chicago', 'Ark'],
  ['DC', 'District of Columbia', 'America/New_York', 'Washington DC,Washington D.C.'],
  ['DE', 'Delaware', 'America/New_York', 'Del'],
  ['FL', 'Florida', 'America/New_York America/Chicago', 'Fla'],
  ['GA', 'Georgia', 'America/New_York'],
  ['KY', 'Kentucky', 'America/New_York America/Kentucky/Louisville America/Chicago America/Kentucky/Monticello'],
  ['LA', 'Louisiana', 'America/Chicago'],
  ['MD', 'Maryland', 'America/New_York'],
  ['MS', 'Mississippi', 'America/Chicago', 'Miss'],
  ['NC', 'North Carolina', 'America/New_York', 'N Carolina'],
  ['OK', 'Oklahoma', 'America/Chicago', 'Okla'],
  ['SC', 'South Carolina', 'America/New_York', 'S Carolina'],
  ['TN', 'Tennessee', 'America/Chicago America/New_York', 'Tenn'],
  ['TX', 'Texas', 'America/Chicago America/Denver', 'Tex'],
  ['VA', 'Virginia', 'America/New_York'],
  ['WV', 'West Virginia', 'America/New_York', 'W Va,W Virginia'],
];

const WEST: readonly Row[] = [
  [
    'AK',
    'Alaska',
    'America/Anchorage America/Juneau America/Sitka America/Metlakatla America/Yakutat America/Nome America/Adak',
  ],
  ['AZ', 'Arizona', 'America/Phoenix America/Denver', 'Ariz'],
  ['CA', 'California', 'America/Los_Angeles', 'Calif'],
  ['CO', 'Colorado', 'America/Denver', 'Colo'],
  ['HI', 'Hawaii', 'Pacific/Honolulu'],
  ['ID', 'Idaho', 'America/Boise America/Los_Angeles'],
  ['MT', 'Montana', 'America/Denver', 'Mont'],
  ['NM', 'New Mexico', 'America/Denver', 'N Mex'],
  ['NV', 'Nevada', 'America/Los_Angeles America/Denver America/Boise', 'Nev'],
  ['OR', 'Oregon', 'America/Los_Angeles America/Boise', 'Ore,Oreg'],
  ['UT', 'Utah', 'America/Denver'],
  ['WA', 'Washington', 'America/Los_Angeles', 'Wash,Washington State'],
  ['WY', 'Wyoming', 'America/Denver', 'Wyo'],
];

/** With the freely associated states, which have US postal codes, and military mail. */
const TERRITORIES: readonly Row[] = [
  ['AS', 'American Samoa', 'Pacific/Pago_Pago'],
  ['FM', 'Federated States of Micronesia', 'Pacific/Pohnpei Pacific/Chuuk Pacific/Kosrae', 'Micronesia'],
  ['GU', 'Guam', 'Pacific/Guam'],
  ['MH', 'Marshall Islands', 'Pacific/Majuro Pacific/Kwajalein'],
  ['MP', 'Northern Mariana Islands', 'Pacific/Saipan'],
  ['PR', 'Puerto Rico', 'America/Puerto_Rico'],
  ['PW', 'Palau', 'Pacific/Palau'],
  ['VI', 'U.S. Virgin Islands', 'America/St_Thomas', 'Virgin Islands,USVI'],
  ['AA', 'Armed Forces Americas', ''],
  ['AE', 'Armed Forces Europe', ''],
  ['AP', 'Armed Forces Pacific', ''],
];

const CANADA: readonly Row[] = [
  ['AB', 'Alberta', 'America/Edmonton', 'Alta'],
  [
    'BC',
    'British Columbia',
    'America/Vancouver America/Edmonton America/Creston America/Dawson_Creek America/Fort_Nelson',
  ],
  ['MB', 'Manitoba', 'America/Winnipeg'],
  ['NB', 'New Brunswick', 'America/Moncton'],
  ['NL', 'Newfoundland and Labrador', 'America/St_Johns America/Goose_Bay', 'Newfoundland,Labrador,NF,NFLD'],
  ['NS', 'Nova Scotia', 'America/Halifax America/Glace_Bay'],
  ['NT', 'Northwest Territories', 'America/Yellowknife America/Inuvik', 'Northwest Territory,NWT'],
  [
    'NU',
    'Nunavut',
    'America/Iqaluit America/Rankin_Inlet America/Cambridge_Bay America/Resolute America/Atikokan',
    'Nunavut Territory',
  ],
  ['ON', 'Ontario', 'America/Toronto America/Winnipeg America/Atikokan', 'Ont'],
  ['PE', 'Prince Edward Island', 'America/Halifax', 'PEI'],
  ['QC', 'Quebec', 'America/Toronto America/Blanc-Sablon America/Halifax', 'PQ,Que'],
  ['SK', 'Saskatchewan', 'America/Regina America/Swift_Current America/Edmonton America/Winnipeg', 'Sask'],
  ['YT', 'Yukon', 'America/Whitehorse America/Dawson', 'Yukon Territory,YK'],
];

const ROWS_BY_REGION: Readonly<Record<GeoRegion, readonly Row[]>> = {
  northeast: NORTHEAST,
  midwest: MIDWEST,
  south: SOUTH,
  west: WEST,
  territories: TERRITORIES,
  canada: CANADA,
};

export const states: readonly State[] = (Object.keys(ROWS_BY_REGION) as GeoRegion[]).flatMap((geoRegion) =>
  ROWS_BY_REGION[geoRegion].map(([code, name, timezones, aliases]) => ({
    code,
    name,
    country: geoRegion === 'canada' ? 'CA' : 'US',
    geoRegion,
    timezones: timezones.split(' ').filter(Boolean),
    aliases: aliases?.split(',') ?? [],
  })),
);

const statesByCode: ReadonlyMap<string, State> = new Map(states.map((state) => [state.code, state]));
const statesByText: ReadonlyMap<string, State> = new Map(
  states.flatMap((state) => [state.code, state.name, ...state.aliases].map((text) => [toStateKey(text), state])),
);

/** Reads 'ma', 'Mass.', 'massachusetts', 'D.C.', 'Québec'; null for what names no state or province. */
export function parseState(text: string): State | null {
  return statesByText.get(toStateKey(text)) ?? null;
}

/** All IANA zones a state uses, the one of most people first; none for an unknown code and for military mail. */
export function timezonesOfState(code: string): readonly string[] {
  return statesByCode.get(code)?.timezones ?? [];
}

export function geoRegionOfState(code: string): GeoRegion | null {
  return statesByCode.get(code)?.geoRegion ?? null;
}

/** Letters alone, so that dots, spaces, case and accents do not matter. */
function toStateKey(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replaceAll(/[^a-z]/g, '');
}
