import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The file's JSON, `content` undefined when it holds none; null when there is no such file. */
export function readJsonFile(file: string): { content: unknown } | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return { content: JSON.parse(text) };
  } catch {
    return { content: undefined };
  }
}

/** Writes JSON for its owner's eyes only, whole or not at all. */
export function writePrivateFile(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}
