// The pictures of workflows-json/README.md: each workflow as its last run left it.
// `SWITCHYARD_PICTURES=workflows-json/images npm run e2e` takes them into the README's folder.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logInToEditor, NODE, openBrowser, openCanvas, takePicture } from './testing/editor.ts';
import { findGreenExecution } from './testing/execution.ts';
import { WORKFLOW_FILES } from './testing/workflows.ts';

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
  page = await logInToEditor(browser);
  // Pipelines are wide, and not high.
  await page.setViewportSize({ width: 1920, height: 640 });
});
afterAll(() => browser?.close());

test.each(WORKFLOW_FILES)('$file', async ({ title, file, nodes }) => {
  const run = await findGreenExecution(title);
  expect(run).not.toBeNull();
  await openCanvas(page, run?.workflowId ?? '', run?.executionId);
  await page
    .locator(NODE)
    .nth(nodes - 1)
    .waitFor();
  await page.locator('[data-test-id="zoom-to-fit"]').first().click();
  const green = page.locator('[data-test-id="canvas-node-status-success"]');
  await green.first().waitFor();
  expect(await page.locator(NODE).count()).toBe(nodes);
  await takePicture(page, file, '.vue-flow');
});
