import type { Coordinates } from '../../locations/rules/distance.ts';
import type { RoutingQuestion } from './decide.ts';
import type { CleanLead } from './normalise.ts';
import type { Rules } from './routing-rules.ts';

export interface QuestionContext {
  readonly rules: Pick<Rules, 'fromBrowser'>;
  /** Where the edge takes the request to come from; counts for sources that are the person's own browser alone. */
  readonly readEdgePlace: () => Coordinates | null;
}

/** What of a lead decides where it goes. */
export function questionOf(clean: CleanLead, { rules, readEdgePlace }: QuestionContext): RoutingQuestion {
  return {
    namedLocation: clean.location,
    coordinates: clean.coordinates,
    postalCode: clean.postalCode?.lookup ?? null,
    city: clean.city,
    state: clean.state,
    edgePlace: rules.fromBrowser.includes(clean.source) ? readEdgePlace() : null,
    service: clean.service,
    score: clean.score,
  };
}
