// A person in the editor: logs in, opens the pipeline, executes it, looks at what a step answered.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logInToEditor, NODE, openBrowser, openCanvas, takePicture } from './testing/editor.ts';
import { readExample, toCsvFile } from './testing/locations-csv.ts';
import { STEP_NODES, WORKFLOWS } from './testing/workflows.ts';

const RUN_TIMEOUT_MS = 180_000;

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
  page = await logInToEditor(browser);
});
afterAll(() => browser?.close());

const nodeNamed = (name: string) => page.locator(`${NODE}[data-node-name="${name}"]`);

test('the pipeline is opened, executed with a sheet, and goes green step by step', async () => {
  await openCanvas(page, WORKFLOWS.onboardFromCsv);
  for (const name of STEP_NODES) {
    const icon = nodeNamed(name).locator('img').first();
    await icon.waitFor();
    expect(await icon.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBeGreaterThan(
      0,
    );
  }
  const popup = page.context().waitForEvent('page');
  await page.locator('[data-test-id="execute-workflow-button"]').first().click();
  const form = await popup;
  await form.locator('input[type="text"]').first().fill('in-the-editor');
  const file = toCsvFile(readExample('locations-25.csv').slice(6, 9));
  const buffer = Buffer.from(await file.arrayBuffer());
  await form.locator('input[type="file"]').setInputFiles({ name: file.name, mimeType: file.type, buffer });
  await takePicture(form, 'form');
  await form.locator('button[type="submit"], #submit-btn').first().click();
  await form.getByText('3 of 3 locations are active').waitFor({ timeout: RUN_TIMEOUT_MS });
  await takePicture(form, 'form-ending');
  for (const name of STEP_NODES) {
    await nodeNamed(name).locator('[data-test-id="canvas-node-status-success"]').waitFor({ timeout: RUN_TIMEOUT_MS });
  }
  await takePicture(page, 'editor');
});

test('a step opened shows a line for each location', async () => {
  await nodeNamed('Apply Snapshot').dblclick();
  const panel = page
    .locator('[data-test-id="ndv"], [data-test-id="ndv-output-panel"], [data-test-id="output-panel"]')
    .first();
  await panel.waitFor();
  const items = page.getByText('3 items').first();
  await items.waitFor();
  expect(await items.isVisible()).toBe(true);
  await takePicture(page, 'step');
});
