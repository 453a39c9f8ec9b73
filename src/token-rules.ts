import type { Config } from './infrastructure/config/config.ts';
import { developmentKey } from './infrastructure/config/development-key.ts';
import type { TokenRules } from './infrastructure/http/verify-token.ts';

/** Which tokens are good: those of the configured key or JWKS, else those of the development key. */
export const tokenRulesOf = ({ auth, dataDir }: Config): TokenRules => {
  const { jwksUrl, key, algorithm, issuer, audience } = auth;
  const keys = jwksUrl === undefined ? { shared: key ?? developmentKey(dataDir) } : { jwksUrl };
  return { keys, algorithm, issuer, audience };
};
