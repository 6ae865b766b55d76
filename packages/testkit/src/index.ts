export {
  chromium,
  chromiumPath,
  describeWith,
  docker,
  dockerSocketPath,
  programOf,
  type Requirement,
  root,
} from './requirements.ts';
