// What the router must answer, found the slow and plain way: every location measured, every seat counted in a map.
// Written apart from the router: it shares no code with it, not even the distance.
export interface OracleLocation {
  readonly id: string;
  readonly franchiseCode: string;
  readonly lng: number;
  readonly lat: number;
  readonly dailyCap: number | null;
  readonly services: readonly string[];
}

export interface OracleLead {
  readonly postalCode: string;
  readonly service?: string;
  /** Where the postal code lies; null when nobody knows it. */
  readonly point: { readonly lng: number; readonly lat: number } | null;
}

export interface OracleRules {
  readonly radiusMiles: number;
  readonly overflowMiles: number;
  readonly owners: ReadonlyMap<string, { readonly locationId: string; readonly exclusive: boolean }>;
}

export interface OracleAnswer {
  readonly locationId: string | null;
  readonly level: 'territory' | 'nearest' | 'overflow' | null;
}

const EARTH_RADIUS_MILES = 6371.0088 / 1.609344;

/** The great circle by the atan2 form of Vincenty's sphere, another formula than the router's. */
function greatCircleMiles(a: { lng: number; lat: number }, b: { lng: number; lat: number }): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const [lat1, lat2, apart] = [radians(a.lat), radians(b.lat), radians(b.lng - a.lng)];
  const y = Math.hypot(
    Math.cos(lat2) * Math.sin(apart),
    Math.cos(lat1) * Math.sin(lat2) - Math.sin(lat1) * Math.cos(lat2) * Math.cos(apart),
  );
  const x = Math.sin(lat1) * Math.sin(lat2) + Math.cos(lat1) * Math.cos(lat2) * Math.cos(apart);
  return EARTH_RADIUS_MILES * Math.atan2(y, x);
}

/** Answers leads one after the other, keeping count of the seats they take. */
export function createOracle(
  locations: readonly OracleLocation[],
  rules: OracleRules,
): (lead: OracleLead) => OracleAnswer {
  const taken = new Map<string, number>();
  const hasRoom = (location: OracleLocation): boolean =>
    location.dailyCap === null || (taken.get(location.id) ?? 0) < location.dailyCap;
  const offers = (location: OracleLocation, lead: OracleLead): boolean =>
    lead.service === undefined || location.services.length === 0 || location.services.includes(lead.service);

  const choose = (lead: OracleLead): OracleAnswer => {
    const owner = rules.owners.get(lead.postalCode);
    const owning = locations.find((location) => location.id === owner?.locationId);
    if (owning && hasRoom(owning) && offers(owning, lead)) return { locationId: owning.id, level: 'territory' };
    const { point } = lead;
    if (!point) return { locationId: null, level: null };
    const reach = Math.max(rules.radiusMiles, rules.overflowMiles);
    const [best] = locations
      .filter((location) => location !== owning && hasRoom(location) && offers(location, lead))
      .map((location) => ({ location, miles: greatCircleMiles(point, location) }))
      .filter(({ miles }) => miles <= reach)
      .sort((a, b) =>
        Math.abs(a.miles - b.miles) > 1e-7 ? a.miles - b.miles : a.location.id < b.location.id ? -1 : 1,
      );
    if (!best) return { locationId: null, level: null };
    const overflows = owning !== undefined && owner?.exclusive === true;
    return {
      locationId: best.location.id,
      level: overflows || best.miles > rules.radiusMiles ? 'overflow' : 'nearest',
    };
  };
  return (lead) => {
    const answer = choose(lead);
    if (answer.locationId) taken.set(answer.locationId, (taken.get(answer.locationId) ?? 0) + 1);
    return answer;
  };
}
