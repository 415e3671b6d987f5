import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

/** Of a resource locator or a plain parameter, the text without blanks around it. */
export function readId(context: IExecuteFunctions, name: string, itemIndex: number): string {
  const value: unknown = context.getNodeParameter(name, itemIndex, '', { extractValue: true });
  return encodeURIComponent(String(value ?? '').trim());
}

/** A collection without the fields that were left blank. */
export function readFields(context: IExecuteFunctions, name: string, itemIndex: number): IDataObject {
  return dropBlanks(context.getNodeParameter(name, itemIndex, {}) as IDataObject);
}

export function dropBlanks(fields: IDataObject): IDataObject {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && value !== null && value !== undefined),
  );
}

/** JSON as an object, or as the text that a person typed; null for what is neither. */
export function parseObject(value: unknown): IDataObject | null {
  if (typeof value === 'string') {
    try {
      return parseObject(JSON.parse(value));
    } catch {
      return null;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as IDataObject) : null;
}
