export { programVersion } from '@parapet/core';
