export { type BrowserOptions, goTo, launchBrowser, type TestBrowser } from './browser.ts';
export { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from './connect-proxy.ts';
export { startContainerd, type TestContainerd } from './containerd.ts';
export { makeDebianRoot } from './debian-root.ts';
export {
  buildBusyboxImage,
  buildDebianImage,
  docker,
  importImage,
  removeContainer,
  runContainer,
  testLabel,
} from './docker.ts';
export { writeImageArchive } from './image-archive.ts';
export { type ReleasedFrames, readReleasedFrames } from './released-frames.ts';
export {
  chromium,
  chromiumPath,
  describeWith,
  dockerDaemon,
  dockerSocketPath,
  kernelTypes,
  programOf,
  type Requirement,
  root,
  unifiedHierarchy,
} from './requirements.ts';
export { sourcesEnvironment, sourcesEnvironmentOf } from './sources-environment.ts';
export { eventually } from './wait.ts';
