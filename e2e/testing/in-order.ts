import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By name: the pictures of what the others have run come last. */
export class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
  }
}
