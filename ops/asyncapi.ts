/** Writes docs/asyncapi.yaml: npm run asyncapi */
import { writeFileSync } from 'node:fs';
import { asyncApiDocument } from './asyncapi/document.ts';
import { yamlOf } from './asyncapi/yaml.ts';

writeFileSync(new URL('../docs/asyncapi.yaml', import.meta.url), yamlOf(asyncApiDocument()));
