// n8n's editor in a browser, as a person sees it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { inject } from 'vitest';
import { provideChromium } from './chromium.ts';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-sync',
  '--no-first-run',
];
const SIZE = { width: 1680, height: 900 };
/** A cold editor on a busy machine. */
const TIMEOUT_MS = 60_000;

const REST_MS = 1000;

export const NODE = '[data-test-id="canvas-node"]';

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: provideChromium(), args: ARGUMENTS });
}

/** Logs in on n8n's own page. */
export async function logInToEditor(browser: Browser): Promise<Page> {
  const { n8n, n8nEmail, n8nPassword } = inject('e2eStack');
  const context = await browser.newContext({ viewport: SIZE, deviceScaleFactor: 1 });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  await page.goto(`${n8n}/signin`);
  await page.locator('input[type="email"], input[name="emailOrLdapLoginId"]').first().fill(n8nEmail);
  await page.locator('input[type="password"]').fill(n8nPassword);
  await page.locator('[data-test-id="form-submit-button"]').click();
  await page.waitForURL((url) => !url.pathname.includes('signin'));
  return page;
}

/** Opens a workflow's canvas, or an execution of it, and waits until all its nodes are drawn. */
export async function openCanvas(page: Page, workflowId: string, executionId?: string): Promise<void> {
  const place = executionId === undefined ? '' : `/executions/${executionId}`;
  await page.goto(`${inject('e2eStack').n8n}/workflow/${workflowId}${place}`);
}

/** Of the whole page, or of one part of it. Moving parts have come to rest. */
export async function takePicture(page: Page, name: string, part = 'body'): Promise<void> {
  const folder = process.env['SWITCHYARD_PICTURES'] ?? join(inject('e2eFolder'), 'pictures');
  mkdirSync(folder, { recursive: true });
  // The canvas glides to its place; nothing in the page says when it has.
  await page.waitForTimeout(REST_MS);
  await page
    .locator(part)
    .first()
    .screenshot({ path: join(folder, `${name}.png`) });
}
