/** The sandbox's tokens, agency tokens, and codes. */
const TOKEN_SHAPES = /sandbox-(access|refresh|code)-|\bpit-[\w-]{8,}|\bBearer\s+\S/;

/** Throws where a log holds something shaped like a token, or one of these secrets; without saying which. */
export function refuseSecrets(log: string, secrets: readonly string[]): void {
  const line = log
    .split('\n')
    .find((text) => TOKEN_SHAPES.test(text) || secrets.some((secret) => text.includes(secret)));
  if (line !== undefined) throw new Error(`a log line holds a secret: ${line.slice(0, 80)}…`);
}
