import type * as z from 'zod';

/** What a schema finds wrong, in the words of HighLevel's validation: one line for each field. */
export function describeIssues(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const name = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `property ${[...issue.path, key].join('.')} should not exist`);
    }
    if (issue.code === 'invalid_type') {
      const isMissing = issue.input === undefined && issue.message.endsWith('received undefined');
      return [isMissing ? `${name} should not be empty` : `${name || 'the body'} must be a ${issue.expected}`];
    }
    if (issue.code === 'invalid_value')
      return [`${name} must be one of the following values: ${issue.values.join(', ')}`];
    return [name === '' ? issue.message : `${name}: ${issue.message}`];
  });
}
