/** Runs a sensor beside the one that started it, until that one ends it. */
export const trialArgument = 'trial';
/** Loads what a sensor needs, says its version and ends. */
export const selfCheckArgument = 'self-check';
/** Puts back what a sensor that was killed left set in the kernel, and ends: before it is removed. */
export const putBackArgument = 'put-back';
/** What `self-check` prints. */
export const versionLine = (version: string): string => `parapet-sensor ${version}`;
