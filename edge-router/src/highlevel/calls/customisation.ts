// Custom values, custom fields and tags of a sub-account. https://marketplace.gohighlevel.com/docs/ghl/locations/
import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { asLocation } from './credentials.ts';
import { id, listOf, optionalText } from './fields.ts';

const customValueSchema = z.object({
  id,
  name: z.string(),
  /** As texts refer to it: `{{ custom_values.phone }}`. It stays when the name is changed. */
  fieldKey: optionalText,
  /** Null where a snapshot brought the key alone. */
  value: optionalText,
});
export type CustomValue = z.output<typeof customValueSchema>;

const customValueAnswer = z.object({ customValue: customValueSchema }).transform(({ customValue }) => customValue);

export function listCustomValues(
  caller: HighlevelCaller,
  ghlLocationId: string,
): Promise<Result<CustomValue[], HighlevelError>> {
  return caller.send({
    endpoint: 'listCustomValues',
    credential: asLocation(ghlLocationId),
    path: { locationId: ghlLocationId },
    answer: z.object({ customValues: listOf(customValueSchema) }).transform(({ customValues }) => customValues),
  });
}

/** Its key is made of the name. Not idempotent: list first. */
export function createCustomValue(
  caller: HighlevelCaller,
  { ghlLocationId, name, value }: { readonly ghlLocationId: string; readonly name: string; readonly value: string },
): Promise<Result<CustomValue, HighlevelError>> {
  return caller.send({
    endpoint: 'createCustomValue',
    credential: asLocation(ghlLocationId),
    path: { locationId: ghlLocationId },
    body: { name, value },
    answer: customValueAnswer,
  });
}

export function updateCustomValue(
  caller: HighlevelCaller,
  given: { readonly ghlLocationId: string; readonly id: string; readonly name: string; readonly value: string },
): Promise<Result<CustomValue, HighlevelError>> {
  const { ghlLocationId, name, value } = given;
  return caller.send({
    endpoint: 'updateCustomValue',
    credential: asLocation(ghlLocationId),
    path: { locationId: ghlLocationId, id: given.id },
    body: { name, value },
    answer: customValueAnswer,
  });
}

const customFieldSchema = z.object({
  id,
  name: optionalText,
  /** The same in all sub-accounts of a snapshot, where ids differ: `contact.pincode`. */
  fieldKey: optionalText,
  dataType: optionalText,
  model: optionalText,
});
export type CustomField = z.output<typeof customFieldSchema>;

export function listCustomFields(
  caller: HighlevelCaller,
  ghlLocationId: string,
  model: 'contact' | 'opportunity' | 'all' = 'all',
): Promise<Result<CustomField[], HighlevelError>> {
  return caller.send({
    endpoint: 'listCustomFields',
    credential: asLocation(ghlLocationId),
    path: { locationId: ghlLocationId },
    query: { model },
    answer: z.object({ customFields: listOf(customFieldSchema) }).transform(({ customFields }) => customFields),
  });
}

const tagSchema = z.object({ id, name: z.string() });
export type Tag = z.output<typeof tagSchema>;

export function listTags(caller: HighlevelCaller, ghlLocationId: string): Promise<Result<Tag[], HighlevelError>> {
  return caller.send({
    endpoint: 'listTags',
    credential: asLocation(ghlLocationId),
    path: { locationId: ghlLocationId },
    answer: z.object({ tags: listOf(tagSchema) }).transform(({ tags }) => tags),
  });
}

export function createTag(
  caller: HighlevelCaller,
  { ghlLocationId, name }: { readonly ghlLocationId: string; readonly name: string },
): Promise<Result<Tag, HighlevelError>> {
  return caller.send({
    endpoint: 'createTag',
    credential: asLocation(ghlLocationId),
    path: { locationId: ghlLocationId },
    body: { name },
    answer: z.object({ tag: tagSchema }).transform(({ tag }) => tag),
  });
}
