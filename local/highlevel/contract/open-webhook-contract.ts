// HighLevel's pages on webhook payloads, each with a JSON schema in it. What real deliveries add (`timestamp`, `webhookId`, `appId`,
// `versionId`) stands on other pages. Types without a page are not held to anything; the fields' types are not read: one page calls a list a string, another a date a "Date".

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentsFolder } from './open-contract.ts';

const FOLDER = join(documentsFolder, 'webhook-events');
const SCHEMA_BLOCK = /```json json_schema\n([\s\S]*?)```/g;
const ADDED = ['timestamp', 'webhookId', 'appId', 'versionId'];
/** Of INSTALL, told by the guide on webhooks and not by its page. */
const ADDED_TO_INSTALL = ['installType'];

/** Null where the pages are missing. Answers, for a payload, what its page does not name. */
export function openWebhookContract() {
  if (!existsSync(FOLDER)) return null;
  const fieldsByType = new Map(readdirSync(FOLDER).map((file) => [file.replace('.md', ''), readFields(file)] as const));

  return (payload: Readonly<Record<string, unknown>>): string[] => {
    const type = String(payload['type']);
    const fields = fieldsByType.get(pageOf(type));
    if (fields === undefined) return [];
    const known = new Set([...fields, ...ADDED, ...(type === 'INSTALL' ? ADDED_TO_INSTALL : [])]);
    const unknown = Object.keys(payload).filter((name) => !known.has(name));
    return unknown.map((name) => `webhook ${type} has no field ${name}`);
  };
}

type Schema = { readonly properties: Readonly<Record<string, unknown>> };

function pageOf(type: string): string {
  if (type === 'INSTALL') return 'AppInstall';
  return type === 'UNINSTALL' ? 'AppUninstall' : type;
}

function readFields(file: string): string[] {
  const blocks = readFileSync(join(FOLDER, file), 'utf8').matchAll(SCHEMA_BLOCK);
  return [...blocks].flatMap(([, block = '{}']) => Object.keys((JSON.parse(block) as Schema).properties));
}
