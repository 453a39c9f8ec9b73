/** Prints a token of a user, signed with the service's key: npm run -s token -- [USER_ID]   (default 1; valid for a day) */
import { userId } from '../src/domain/ids.ts';
import { developmentKey } from '../src/infrastructure/config/development-key.ts';
import { loadConfig } from '../src/infrastructure/config/load-config.ts';
import { issueToken } from '../src/infrastructure/http/issue-token.ts';

const { auth, dataDir } = loadConfig(process.env);
const user = userId(process.argv[2] ?? '1');
console.log(await issueToken(auth.key ?? developmentKey(dataDir), user, 24 * 3600, auth.algorithm));
