export { type AddressClass, classifyAddress, isBlock, isInAnyBlock, isInBlock, normaliseAddress } from './address.ts';
export { alignedInterval } from './aligned-interval.ts';
export { type WrittenFile, writeTar, writeZip } from './archive-writer.ts';
export { readFileBounded, readStreamBounded } from './bounded-read.ts';
export { type Clock, createManualClock, elapsedBy, systemClock, utcText } from './clock.ts';
export { makeFolderDurably, writeFileDurably } from './durable-file.ts';
export {
  AppError,
  badRequest,
  conflict,
  forbidden,
  messageOf,
  notFound,
  unauthenticated,
  unavailable,
} from './errors.ts';
export { type ExecOptions, type ExecOutcome, execArgv } from './exec.ts';
export { parseJson } from './json.ts';
export { foreignMounts, isLocalMount, mountPoints, overlayUpper } from './mounts.ts';
export { createOneAtATime, type OneAtATime } from './one-at-a-time.ts';
export { buildPackageUrl, formatPackageUrl, parsePackageUrl } from './package-url/package-url.ts';
export type { PackageUrl } from './package-url/parts.ts';
export { pause } from './pause.ts';
export { findProgramCall, type ProgramCall } from './program-call.ts';
export { encodeRecord, readRecord, recordFileHeader, recordHeadBytes } from './record-file.ts';
export { fail, ok, type Problem, problem, type Result } from './result.ts';
export { createRotatingFile, type RotatingFile } from './rotating-file.ts';
export { needsStorableText, storable, storableJson, storableText } from './storable-text.ts';
export {
  createTarReader,
  TarError,
  type TarHeader,
  type TarReader,
  type TarReaderOptions,
  type TarSink,
} from './tar-reader.ts';
export { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar-writer.ts';
export { programVersion } from './version.ts';
