import type { Candidate, DecisionTrace, MatchLevel, ParkedReason, Verdict } from './decision.ts';

export interface ExplainInput {
  readonly status: 'assigned' | 'parked' | 'duplicate';
  readonly trace: DecisionTrace;
  readonly parkedReason: ParkedReason | null;
}

/** One or two sentences for the person who asks why the lead went where it went. Made from the trace alone. */
export function explainDecision({ status, trace, parkedReason }: ExplainInput): string {
  if (status === 'duplicate') {
    return 'The same person sent a lead inside the dedupe window. It is linked to that lead and was not sent again.';
  }
  if (status === 'parked' || !trace.matchLevel) return explainParked(trace, parkedReason);
  const chosen = trace.candidates.find((candidate) => candidate.verdict === 'chosen');
  return [explainChosen(trace.matchLevel, chosen, trace), explainPassedOver(trace)].filter(Boolean).join(' ');
}

function explainChosen(matchLevel: MatchLevel, chosen: Candidate | undefined, trace: DecisionTrace): string {
  const name = chosen ? `${chosen.name} (${chosen.franchiseCode})` : 'The location';
  const distance = chosen?.distanceMiles === null || !chosen ? '' : `, ${chosen.distanceMiles} miles away`;
  switch (matchLevel) {
    case 'named':
      return `${name} was named, by the source or by who reassigned the lead.`;
    case 'sticky':
      return `This person was assigned to ${name} before, and it still takes leads.`;
    case 'territory':
      return `${describeTerritory(chosen, trace)} belongs to ${name}.`;
    case 'nearest':
      if (chosen?.score !== undefined)
        return `${name} has the best score, ${chosen.score}${distance} (${describePoint(trace)}).`;
      if (chosen?.weight !== undefined) return `It is the turn of ${name}${distance} (${describePoint(trace)}).`;
      return `${name} is the nearest that takes the lead${distance} (${describePoint(trace)}).`;
    case 'overflow':
      if (chosen?.weight !== undefined) return `It is the turn of ${name}${distance}, to whom others overflow.`;
      if (chosen?.score !== undefined)
        return `${name} has the best score of those to whom others overflow, ${chosen.score}${distance} (${describePoint(trace)}).`;
      if (trace.geoConfidence === null) return `${name} is the next of those to whom others overflow.`;
      return `${name} is the next nearest with room${distance} (${describePoint(trace)}).`;
  }
}

/** `county MA/Suffolk` as people say it. */
function describeTerritory(chosen: Candidate | undefined, trace: DecisionTrace): string {
  const [kind = '', ...value] = chosen?.territory?.split(' ') ?? [];
  const words = value.join(' ');
  switch (kind) {
    case 'zip_range':
      return `Postal code ${trace.inputs['postalCode'] ?? ''}, in the range ${words},`;
    case 'county':
    case 'city':
      return `The ${kind} of ${words.split('/').toReversed().join(', ')}`;
    case 'state':
      return `The state ${words}`;
    default:
      return `Postal code ${trace.inputs['postalCode'] ?? ''}`;
  }
}

function describePoint(trace: DecisionTrace): string {
  switch (trace.geoConfidence) {
    case 'rooftop':
      return 'from the coordinates given';
    case 'zip':
      return `from the centre of postal code ${trace.inputs['postalCode'] ?? ''}`;
    case 'city':
      return `from the centre of ${trace.inputs['city'] ?? 'the city'}`;
    case 'state':
      return `from the centre of ${trace.inputs['state'] ?? 'the state'}`;
    case 'ip':
      return "from the address's place on the internet";
    case null:
      return 'its place is not known';
  }
}

const passedOverWords: Readonly<Record<Exclude<Verdict, 'chosen' | 'outranked'>, string>> = {
  full: 'full for its day',
  paused: 'paused',
  inactive: 'not active',
  closed: 'closed at that time',
  no_service: 'without the service asked for',
  out_of_radius: 'out of range',
  excluded: 'had it before, or was not to get it',
};

function explainPassedOver(trace: DecisionTrace): string {
  const words = trace.candidates.flatMap(({ name, verdict }) =>
    verdict === 'chosen' || verdict === 'outranked' ? [] : [`${name}: ${passedOverWords[verdict]}`],
  );
  return words.length > 0 ? `Passed over: ${words.join('; ')}.` : '';
}

function explainParked(trace: DecisionTrace, parkedReason: ParkedReason | null): string {
  return [parkedSentence(trace, parkedReason), explainPassedOver(trace)].filter(Boolean).join(' ');
}

function parkedSentence(trace: DecisionTrace, parkedReason: ParkedReason | null): string {
  switch (parkedReason) {
    case 'no_place':
      return 'Parked: nothing in the lead says where it is (coordinates, a known postal code, city or state).';
    case 'no_location_in_range':
      return `Parked: no active location is in range (${describePoint(trace)}).`;
    case 'no_eligible_location':
      return 'Parked: locations are in range, but none of them may take this lead.';
    case 'all_candidates_full':
      return 'Parked: every location that may take this lead is full for its day.';
    case 'territory_owner_unavailable':
      return 'Parked: the territory is exclusive, its owner cannot take the lead now, and nobody else is to have it.';
    case null:
      return 'Parked.';
  }
}
