import { provideNodeTools } from '../../../local/n8n/node-tools.ts';

/** Vitest's globalSetup: what the package's tests need is installed the first time, visibly. */
export default async function setUp(): Promise<void> {
  await provideNodeTools((doing) => console.log(doing));
}
