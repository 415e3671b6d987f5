// Who owns a place on a day, found the slow and plain way: every row of the territories held against it. Written apart
// from the router: it shares no code with it.
export interface PlaceOnTheMap {
  readonly zip: string | null;
  readonly cities: readonly string[];
  readonly county: string | null;
  readonly state: string | null;
}

/** Kind, value, owner, exclusive, first day, first day no more, versions or none for all. */
type Row = readonly [string, string, string, boolean, string | null, string | null, (readonly number[])?];

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '');
}

/** The owners in the order in which they are asked; one who owns twice is there twice. */
export function ownersOf(
  rows: readonly Row[],
  place: PlaceOnTheMap,
  when: { readonly day: string; readonly version: number | null },
): { id: string; exclusive: boolean; kind: string; value: string }[] {
  const inForce = rows.filter(([, , , , from, to, versions]) => {
    if (versions !== undefined && !versions.some((version) => version === when.version)) return false;
    return (from ?? '0000') <= when.day && when.day < (to ?? '9999');
  });
  const isIn = ([kind, value]: Row): boolean => {
    const zip = place.zip ?? '';
    if (kind === 'zip') return value === zip;
    if (kind === 'zip_range') {
      const numbers = value.split('-').map(Number);
      return /^\d{5}$/.test(zip) && Number(zip) >= (numbers[0] ?? 0) && Number(zip) <= (numbers[1] ?? 0);
    }
    if (kind === 'state') return value === place.state;
    const [state, name = ''] = value.split('/');
    if (state !== place.state) return false;
    if (kind === 'county') return place.county !== null && bare(name) === bare(place.county);
    return place.cities.some((city) => bare(name) === bare(city));
  };
  const width = ([, value]: Row): number => {
    const numbers = value.split('-').map(Number);
    return (numbers[1] ?? 0) - (numbers[0] ?? 0);
  };
  const order = ['zip', 'zip_range', 'city', 'county', 'state'];
  return inForce
    .filter(isIn)
    .toSorted((a, b) => {
      const byKind = order.indexOf(a[0]) - order.indexOf(b[0]);
      if (byKind !== 0 || a[0] !== 'zip_range') return byKind;
      return width(a) - width(b) || (a[1] < b[1] ? -1 : 1);
    })
    .map(([kind, value, id, exclusive]) => ({ id, exclusive, kind, value }));
}
