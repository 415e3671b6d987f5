import * as z from 'zod';

/** What `/oauth/token` answers, as far as it is used. https://marketplace.gohighlevel.com/docs/oauth/GetAccessToken */
export const tokenAnswerSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  expires_in: z.number().positive(),
  scope: z.string().nullish(),
  userType: z.string().nullish(),
  companyId: z.string().nullish(),
  locationId: z.string().nullish(),
  isBulkInstallation: z.boolean().nullish(),
  installToFutureLocations: z.boolean().nullish(),
});

export type TokenAnswer = z.output<typeof tokenAnswerSchema>;

export function readScopes({ scope }: Pick<TokenAnswer, 'scope'>): string[] {
  return (scope ?? '').split(/[\s,]+/).filter((name) => name !== '');
}

export function findExpiry({ expires_in }: Pick<TokenAnswer, 'expires_in'>, nowMs: number): number {
  return nowMs + expires_in * 1000;
}
