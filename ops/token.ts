/** Prints a token of a user, signed with the service's key: npm run -s token -- [USER_ID]   (default 1; valid for a day) */
import { userId } from '../src/domain/ids.ts';
import { loadConfig } from '../src/infrastructure/config/load-config.ts';
import { issueToken } from '../src/infrastructure/http/issue-token.ts';
import { tokenRulesOf } from '../src/token-rules.ts';

const { keys, algorithm, ...claims } = tokenRulesOf(loadConfig(process.env));
const user = userId(process.argv[2] ?? '1');
if ('shared' in keys) console.log(await issueToken(keys.shared, user, 24 * 3600, algorithm, claims));
else {
  console.error('JWKS_URL is set: only the service with the private key can sign tokens.');
  process.exitCode = 1;
}
