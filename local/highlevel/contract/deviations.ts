/** Where the sandbox departs from HighLevel's OpenAPI documents on purpose. Each names the problems it excuses, and why. */
export const deviations: readonly { readonly problem: RegExp; readonly reason: string }[] = [
  {
    problem: / answer (401|403|422|429|5\d\d): this status is not documented$/,
    reason:
      'Each call lists some of 400, 401 and 422; the gateway in front of all of them gives the rest, as the guides and the public issue tracker tell.',
  },
  {
    problem: /\/users\/.* answer 20[01]: (\/users\/\d+)?\/scopes must be (string|equal to one of the allowed values)$/,
    reason: 'The document has one scope as the type of what its own example and its own request make a list.',
  },
  {
    problem:
      /^POST \/oauth\/locationToken answer 200: \/ must NOT have additional properties: (refresh_token|companyId|userType)$/,
    reason: 'HighLevel answers with them (issue 285 of its public tracker); its v3 document has the refresh token.',
  },
  {
    problem: /\/snapshot-status\/.* answer 200: \/data\/(completed|pending) must be array$/,
    reason: "The document's example prints the lists as text; `snapshots.listsAsText` does the same on demand.",
  },
  {
    problem: /^GET \/opportunities\/pipelines answer 200: \/pipelines\/\d+\/stages\/\d+ must be array$/,
    reason: 'The document has a list of lists; every client of the call reads objects with id, name and position.',
  },
  {
    problem: /^POST \/contacts\/search request: \/ must NOT have additional properties: \w+$/,
    reason: 'The document leaves the body empty and links to a page outside of it.',
  },
];

/** The same for the table of routes. */
export const routeDeviations: typeof deviations = [
  {
    problem:
      /^DELETE \/locations\/\{locationId\} scope: locations\.(write is not documented|internal-access-only is missing)$/,
    reason:
      'The page on scopes lists the call under locations.write for agencies; a fault shows what happens where it is refused.',
  },
  {
    problem: /^GET \/snapshots\/.* scope: snapshots\.readonly is not documented$/,
    reason: 'The document names no scope; the page on scopes names this one.',
  },
  {
    problem:
      /^(GET|PUT|DELETE) \/locations\/\{locationId\}\/(tags|customFields|customValues)\/\{\w+\} scope: .* is not documented$/,
    reason: 'The document names no scope for what is asked by id; the page on scopes names those of the whole list.',
  },
  {
    problem: /^POST \/contacts\/search body: .* is not documented$/,
    reason: 'The document leaves the body empty and links to a page outside of it.',
  },
];

/** The problems that no deviation excuses. */
export function withoutDeviations(problems: readonly string[]): string[] {
  return problems.filter((line) => !deviations.some(({ problem }) => problem.test(line)));
}
