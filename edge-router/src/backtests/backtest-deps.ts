import type { AppDeps } from '../deps.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import type { DraftDirectories } from '../locations/draft-directories.ts';
import type { Directory } from '../locations/rules/directory.ts';

export type BacktestDeps = Pick<
  AppDeps,
  'database' | 'qstash' | 'config' | 'log' | 'postalCodes' | 'nowMs' | 'newId'
> & {
  readonly drafts: DraftDirectories;
  readonly readDirectory: (background: RunInBackground) => Promise<Directory>;
};
